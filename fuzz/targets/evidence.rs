//! See `properties/evidence.rs`.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

#[path = "../properties/evidence.rs"]
mod evidence;

use evidence::Recorded;

/// In a folder that `scripts/fuzz` makes, and takes away again.
static RECORDED: LazyLock<Recorded> = LazyLock::new(|| {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../harness/fixtures/evidence/flannel-udp-kind");
    Recorded::copy(&source, &std::env::temp_dir().join(format!("cnilab-fuzz-{}", std::process::id())))
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    RECORDED.check(bytes);
});
