//! See `properties/labs.rs`.
#![no_main]

use std::sync::LazyLock;

use cnilab::lab::{Lab, load};

#[path = "../properties/labs.rs"]
mod labs;

static KNOWN: LazyLock<Lab> =
    LazyLock::new(|| load("lab.yaml".as_ref(), include_str!("../../labs/calico-ipip/lab.yaml")).expect("the lab passes its checks"));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| labs::check(bytes, &KNOWN));
