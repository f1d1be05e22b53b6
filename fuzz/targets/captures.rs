//! See `properties/captures.rs`.
#![no_main]

#[path = "../properties/captures.rs"]
mod captures;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| captures::check(bytes));
