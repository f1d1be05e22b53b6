//! What a diff must mean. Two runs that agree; each test spoils one thing of one of them.

mod explained;
mod packets;
mod points;
mod runs;
mod spelling;
mod states;
mod world;
