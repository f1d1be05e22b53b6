//! What a verdict must mean. Each test spoils one thing of a run in which all holds.

mod answers;
mod captures;
mod deviation;
mod echoes;
mod foreign;
mod fragments;
mod lines;
mod lost;
mod order;
mod promises;
mod repeats;
mod replaced;
mod round_trip;
mod runs;
mod spelling;
mod states;
mod words;
mod world;
