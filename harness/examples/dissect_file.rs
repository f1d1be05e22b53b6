//! Whole runs over a pcap file, to be timed against tcpdump and tshark on the same file.
//!
//! `cargo run --release --example dissect_file -- write FILE [COUNT]` makes the workload; `check FILE [PASSES]`, `count FILE` (packets of IP protocol 4)
//! and `print FILE` do what `tcpdump -r FILE 'ip proto 4' --count` and `tcpdump -enn -r FILE` do; `peers FILE` times all of them, five times each.
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a program for people to run, which runs the peers")]

#[path = "../benches/dissect/workload.rs"]
mod workload;

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cnilab::packet::{Detail, Field, Frame, Hints, Limits, LinkType, Value, dissect, lines, read_capture};

use crate::workload::{Packets, check, hints};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["write", file] => write(file, 1_000_000),
        ["write", file, count] => write(file, count.parse()?),
        ["check", file] => check_file(file, 1),
        ["check", file, passes] => check_file(file, passes.parse()?),
        ["count", file] => {
            let all = frames(file)?;
            println!("{} packets", all.iter().filter(|(_, frame)| is_ipip(frame)).count());
            Ok(())
        }
        ["print", file] => {
            let capture = read_capture(File::open(file)?, &Limits::default())?;
            let mut output = BufWriter::new(std::io::stdout().lock());
            for line in lines(&capture, &Hints::default(), Detail::Brief) {
                writeln!(output, "{line}")?;
            }
            Ok(())
        }
        ["peers", file] => peers(file),
        _ => Err("write FILE [COUNT] | check FILE [PASSES] | count FILE | print FILE | peers FILE".into()),
    }
}

/// The processor's time is told, too: on a busy machine the clock on the wall says little.
fn check_file(file: &str, passes: u32) -> Result<(), Box<dyn Error>> {
    let frames = frames(file)?;
    let count = frames.len();
    let packets = Packets::of(frames.into_iter().map(|(_, frame)| frame.bytes));
    for _ in 0..passes {
        let (start, cpu) = (Instant::now(), thread_time()?);
        let found = check(&packets, &hints());
        report("dissect and check", count, start.elapsed());
        report("  of the processor's time", count, thread_time()?.saturating_sub(cpu));
        println!("  {found:?}");
    }
    Ok(())
}

fn frames(file: &str) -> Result<Vec<(usize, Frame)>, Box<dyn Error>> {
    Ok(read_capture(File::open(file)?, &Limits::default())?.frames)
}

fn is_ipip(frame: &Frame) -> bool {
    let stack = dissect(&frame.bytes, frame.wire_length, LinkType::Ethernet, &Hints::none());
    stack.layers().get(1).and_then(|ip| ip.get(Field::IpProtocol)) == Some(Value::Number(4))
}

fn write(file: &str, count: usize) -> Result<(), Box<dyn Error>> {
    let packets = Packets::generate(count);
    let mut output = BufWriter::new(File::create(file)?);
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 262_144, 1] {
        output.write_all(&word.to_le_bytes())?;
    }
    for (index, bytes) in packets.iter().enumerate() {
        let (index, length) = (u32::try_from(index)?, u32::try_from(bytes.len())?);
        for word in [1_700_000_000 + index / 1_000_000, index % 1_000_000, length, length] {
            output.write_all(&word.to_le_bytes())?;
        }
        output.write_all(bytes)?;
    }
    Ok(output.flush()?)
}

/// Times whole processes, start to end, with their output thrown away.
fn peers(file: &str) -> Result<(), Box<dyn Error>> {
    let count = frames(file)?.len();
    let own = std::env::current_exe()?.display().to_string();
    for command in [
        vec![&own, "check", file],
        vec![&own, "count", file],
        vec!["tcpdump", "-r", file, "ip proto 4", "--count"],
        vec![&own, "print", file],
        vec!["tcpdump", "-nr", file],
        vec!["tcpdump", "-ennr", file],
        vec!["tshark", "-nr", file, "-T", "fields", "-e", "ip.src", "-e", "ip.dst", "-e", "ip.ttl", "-e", "icmp.seq"],
    ] {
        let mut times = Vec::new();
        for _ in 0..if command[0] == "tshark" { 1 } else { 5 } {
            let start = Instant::now();
            let status = Command::new(command[0]).args(&command[1..]).stdout(Stdio::null()).stderr(Stdio::null()).status();
            match status {
                Ok(status) if status.success() => times.push(start.elapsed()),
                other => println!("{}: {other:?}", command.join(" ")),
            }
        }
        times.sort();
        if let Some(median) = times.get(times.len() / 2) {
            let name = if command[0] == own { "ours" } else { command[0] };
            report(&format!("{name} {}", command[1..].join(" ")), count, *median);
        }
    }
    Ok(())
}

/// How long this thread has been running on a processor.
fn thread_time() -> Result<Duration, Box<dyn Error>> {
    Ok(nix::time::clock_gettime(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID)?.into())
}

fn report(what: &str, count: usize, took: Duration) {
    let rate = f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / took.as_secs_f64() / 1e6;
    println!("{what}: {:.0} ms, {rate:.2} million packets/s", took.as_secs_f64() * 1e3);
}
