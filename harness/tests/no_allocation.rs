//! Taking a frame apart, and asking it for numbers and addresses, allocates nothing.
//!
//! A test of its own, and alone in its process, because it counts every allocation of the process.
#![expect(unsafe_code, reason = "counting allocations takes an allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use cnilab::packet::{Carries, Field, Hints, LinkType, dissect};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps what `alloc` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from `alloc` above, which is the system's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() {
    let mut hints = Hints::default();
    hints.add(8285, Carries::Ip);
    // Ethernet, IPv4, UDP 8285, IPv4, TCP with options; and every frame that this one cut short makes.
    let mut frame = vec![0; 12];
    frame.extend([0x08, 0x00]);
    frame.extend([0x45, 0, 0, 80, 0, 0, 0, 0, 64, 17, 0, 0, 172, 18, 0, 4, 172, 18, 0, 2, 0x20, 0x5d, 0x20, 0x5d, 0, 60, 0, 0]);
    frame.extend([0x45, 0, 0, 52, 0, 0, 0, 0, 63, 6, 0, 0, 10, 244, 1, 2, 10, 244, 2, 3]);
    frame.extend([0x9c, 0x42, 0, 80, 0, 0, 0, 1, 0, 0, 0, 2, 0x80, 0x10, 0xff, 0xff, 0, 0, 0, 0, 1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2]);
    let numbers =
        [Field::IpTtl, Field::IpSource, Field::EthernetSource, Field::TcpMss, Field::TcpTimestamp, Field::TcpSequence, Field::UdpLength];
    let wire_length = u32::try_from(frame.len()).expect("a short frame");
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    let (mut layers, mut values) = (0, 0);
    for end in 0..=frame.len() {
        let stack = dissect(&frame[..end], wire_length, LinkType::Ethernet, &hints);
        layers += stack.layers().len();
        for layer in stack.layers() {
            values += numbers.iter().filter(|field| layer.get(**field).is_some()).count();
            values += usize::from(layer.checksum_holds().is_some());
        }
    }
    let allocations = ALLOCATIONS.load(Ordering::Relaxed) - before;
    assert!(layers > 200 && values > 400, "{layers} layers, {values} values: the frame was not taken apart");
    assert_eq!(allocations, 0, "dissecting allocated");
}
