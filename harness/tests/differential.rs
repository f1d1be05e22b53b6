//! Our lines and fields against those of tcpdump and tshark, frame by frame.
//!
//! Frames come from generators (all protocols, nestings, truncations, broken headers; the same every time), from the recorded runs of real
//! clusters that are fixtures here and, where the environment variable `CNILAB_CAPTURES` names a folder, from every `.pcap` and `.pcapng` under it. `CNILAB_SEED` changes other bytes than the usual ones.
//! Trials whose tool is not installed are ignored by name.

#[path = "differential/build.rs"]
mod build;
#[path = "differential/corpus.rs"]
mod corpus;
#[path = "differential/lengths.rs"]
mod lengths;
#[path = "differential/oracle.rs"]
mod oracle;
#[path = "differential/tshark.rs"]
mod tshark;

use std::path::{Path, PathBuf};

use cnilab::packet::{Detail, Hints, Limits, LinkType, Printer, dissect, read_capture};
use libtest_mimic::{Arguments, Failed, Trial};

use crate::build::{Frame, pcap};
use crate::corpus::Corpus;

fn main() -> std::process::ExitCode {
    let arguments = Arguments::from_args();
    let tcpdump = oracle::version("tcpdump");
    let tshark = oracle::version("tshark");
    let mut trials = Vec::new();
    for corpus in corpus::all() {
        let tunnels = corpus.clone();
        trials.push(trial("tshark", corpus.name, tshark.as_ref(), move || tshark::compare(&tunnels)));
        for detail in [Detail::Brief, Detail::Verbose] {
            let corpus = corpus.clone();
            let kind = if detail == Detail::Brief { "tcpdump -enn" } else { "tcpdump -ennv" };
            trials.push(trial(kind, corpus.name, tcpdump.as_ref(), move || {
                compare(&pcap(corpus.link, &corpus.frames), &corpus.frames, corpus.link, detail)
            }));
        }
    }
    trials.push(trial("tshark", "our own pcapng", tshark.as_ref(), tshark::reads_our_pcapng));
    for path in captures() {
        for detail in [Detail::Brief, Detail::Verbose] {
            let path = path.clone();
            let kind = if detail == Detail::Brief { "tcpdump -enn" } else { "tcpdump -ennv" };
            let name = path.display().to_string();
            trials.push(trial(kind, &name, tcpdump.as_ref(), move || compare_file(&path, detail)));
        }
        let name = path.display().to_string();
        trials.push(trial("tshark", &name, tshark.as_ref(), move || {
            let (_, link, frames) = read_file(&path)?;
            if frames.is_empty() { Ok(()) } else { tshark::compare(&Corpus { name: "a file", link, frames }) }
        }));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A trial that is ignored, with the reason in its name, where its tool is missing.
fn trial(kind: &str, name: &str, tool: Result<&String, &String>, run: impl FnOnce() -> Result<(), Failed> + Send + 'static) -> Trial {
    match tool {
        Ok(_) => Trial::test(format!("{name}: as {kind}"), run),
        Err(why) => Trial::test(format!("{name}: as {kind} ({why})"), run).with_ignored_flag(true),
    }
}

/// Every capture file of the fixtures, and under the folder that `CNILAB_CAPTURES` names.
fn captures() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/evidence"))];
    folders.extend(std::env::var_os("CNILAB_CAPTURES").map(PathBuf::from));
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("an entry of a folder").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "pcap" || extension == "pcapng") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn compare_file(path: &Path, detail: Detail) -> Result<(), Failed> {
    let (bytes, link, frames) = read_file(path)?;
    compare(&bytes, &frames, link, detail)
}

fn read_file(path: &Path) -> Result<(Vec<u8>, LinkType, Vec<Frame>), Failed> {
    let bytes = std::fs::read(path)?;
    let capture = read_capture(&bytes[..], &Limits::default())?;
    let link = capture.interfaces.first().map_or(LinkType::Ethernet, |interface| interface.link);
    let frames = capture.frames.into_iter().map(|(_, frame)| Frame { bytes: frame.bytes, wire_length: frame.wire_length });
    Ok((bytes, link, frames.collect()))
}

/// Prints every frame and compares with what tcpdump prints of the file.
fn compare(file: &[u8], frames: &[Frame], link: LinkType, detail: Detail) -> Result<(), Failed> {
    let expected = oracle::tcpdump(file, frames.len(), detail)?;
    let mut printer = Printer::new(detail);
    let hints = Hints::default();
    let mut differences = Vec::new();
    for (index, (frame, expected)) in frames.iter().zip(&expected).enumerate() {
        let stack = dissect(&frame.bytes, frame.wire_length, link, &hints);
        let ours = printer.line(&stack, link);
        for (layer, field, span) in &ours.spans {
            let known = stack.layers().get(*layer).is_none_or(|layer| layer.get(*field).is_some());
            if !known || ours.text.get(span.clone()).is_none() {
                differences.push(format!("frame {}: span of {field:?} of layer {layer}: {span:?}", index + 1));
            }
        }
        if ours.text != *expected {
            let bytes = frame.bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
            differences.push(format!(
                "frame {} ({} of {} bytes) {bytes}\n  tcpdump {expected:?}\n     ours {:?}",
                index + 1,
                frame.bytes.len(),
                frame.wire_length,
                ours.text
            ));
        }
    }
    oracle::verdict(&differences, frames.len())
}
