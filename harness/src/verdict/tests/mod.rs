//! What a verdict must mean. Each test spoils one thing of a run in which all holds.

mod answers;
mod block;
mod captures;
mod deviation;
mod echoes;
mod foreign;
mod fragments;
mod lines;
mod lost;
mod marks;
mod open_parts;
mod order;
mod related_numbers;
mod repeats;
mod replaced;
mod round_trip;
mod runs;
mod server_ports;
mod spelling;
mod states;
mod tracked;
mod words;
mod world;
