//! See `properties/lines.rs`.
#![no_main]

#[path = "../properties/lines.rs"]
mod lines;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lines::check(bytes));
