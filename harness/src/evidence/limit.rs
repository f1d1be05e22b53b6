//! How much is read of a folder that somebody else may have made. What a run of ours writes is far below.

/// The longest `manifest.json`, in bytes.
pub const MANIFEST: u64 = 1 << 20;
/// The longest `lab.yaml`, in bytes.
pub const LAB: u64 = 4 << 20;
/// The longest `facts.json`, in bytes.
pub const FACTS: u64 = 16 << 20;
/// The longest `scenario.json`, in bytes.
pub const SCENARIO: u64 = 16 << 20;
/// The longest output of a command, in bytes: of the 1 MiB that is kept of one, each byte may have become the three of U+FFFD.
pub const TEXT: u64 = 4 << 20;
/// All files together, in bytes.
pub const TOTAL: u64 = 512 << 20;
/// How many scenarios.
pub const SCENARIOS: usize = 1_000;
/// How many points, in one scenario.
pub const CAPTURES: usize = 10_000;
/// How many outputs of commands, in one scenario.
pub const STATES: usize = 10_000;
/// How many frames, in one file.
pub const FRAMES: usize = 1 << 22;
