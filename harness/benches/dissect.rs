//! How fast frames are taken apart and their headers checked, and how fast they are printed. `cargo bench --bench dissect`

#[path = "dissect/workload.rs"]
mod workload;

use std::hint::black_box;

use cnilab::packet::{Detail, LinkType, Printer, dissect};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

use crate::workload::{Found, Packets, check, hints};

const COUNT: usize = 1_000_000;

fn benches(criterion: &mut Criterion) {
    let packets = Packets::generate(COUNT);
    let hints = hints();
    let quarter = COUNT as u64 / 4;
    assert_eq!(check(&packets, &hints), Found { plain: quarter, ipip: quarter, udp: quarter, tcp: quarter, bad: 0 });
    let mut group = criterion.benchmark_group("packets");
    group.throughput(Throughput::Elements(COUNT as u64)).sample_size(20);
    group.bench_function("dissect and check headers", |bencher| bencher.iter(|| black_box(check(&packets, &hints))));
    group.bench_function("dissect", |bencher| {
        bencher.iter(|| {
            for bytes in packets.iter() {
                black_box(dissect(bytes, u32::try_from(bytes.len()).expect("short"), LinkType::Ethernet, &hints).layers().len());
            }
        });
    });
    group.sample_size(10);
    group.bench_function("dissect and print", |bencher| {
        bencher.iter(|| {
            let mut printer = Printer::new(Detail::Brief);
            for bytes in packets.iter() {
                let stack = dissect(bytes, u32::try_from(bytes.len()).expect("short"), LinkType::Ethernet, &hints);
                black_box(printer.line(&stack, LinkType::Ethernet));
            }
        });
    });
    group.finish();
}

criterion_group!(dissecting, benches);
criterion_main!(dissecting);
