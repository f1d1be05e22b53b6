//! A packet socket and the ring it shares with the kernel (`Documentation/networking/packet_mmap.rst`).
#![expect(unsafe_code, reason = "neither std nor nix offers packet sockets, their options, or a ring in shared memory")]

use std::io;
use std::mem::{offset_of, zeroed};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicU32, Ordering};

use libc::{c_int, c_uint, c_void, sockaddr_ll, socklen_t, tpacket_block_desc, tpacket_hdr_v1, tpacket_req3, tpacket_stats_v3};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

use super::problem::{CaptureError, failed};

/// How many blocks of how many bytes; a block is a multiple of the page size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) blocks: c_uint,
    pub(super) block: c_uint,
}

/// `AF_PACKET` (`linux/socket.h`), as an address has it.
const FAMILY: u16 = 17;
/// `BPF_RET | BPF_K` (`linux/bpf_common.h`): accept, and keep that many bytes.
const RETURN: u16 = 0x06;
/// `ETH_P_ALL` (`linux/if_ether.h`): every protocol, in both directions.
const EVERYTHING: u16 = 0x0003;
/// How long the kernel keeps a block that is not full to itself, in milliseconds: what a sentinel waits at most.
const RETIRE: c_uint = 1;

/// A listening packet socket.
pub(super) struct Ring {
    socket: OwnedFd,
    memory: NonNull<u8>,
    size: Size,
    next: usize,
}

// SAFETY: the memory belongs to the ring alone, and nothing about it is bound to a thread.
unsafe impl Send for Ring {}

impl Ring {
    /// Listens on the interface numbered `index` of this thread's network namespace; at most `keep` bytes of a frame are kept. Never promiscuous.
    pub(super) fn listen(index: u32, keep: u32, size: Size) -> Result<Self, CaptureError> {
        let socket = packet_socket()?;
        set(&socket, libc::SOL_PACKET, libc::PACKET_VERSION, &(libc::tpacket_versions::TPACKET_V3 as c_int))
            .map_err(failed("choose TPACKET_V3"))?;
        // A classic BPF program of one instruction (`Documentation/networking/filter.rst`).
        let mut program = libc::sock_filter { code: RETURN, jt: 0, jf: 0, k: keep };
        let filter = libc::sock_fprog { len: 1, filter: &raw mut program };
        set(&socket, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &filter).map_err(failed("set the snap length"))?;
        // With TPACKET_V3 frames are laid one behind the other; the frame size only has to divide the block's.
        let request = tpacket_req3 {
            tp_block_size: size.block,
            tp_block_nr: size.blocks,
            tp_frame_size: 2048,
            tp_frame_nr: size.block / 2048 * size.blocks,
            tp_retire_blk_tov: RETIRE,
            tp_sizeof_priv: 0,
            tp_feature_req_word: 0,
        };
        set(&socket, libc::SOL_PACKET, libc::PACKET_RX_RING, &request).map_err(failed("set up the ring"))?;
        let memory = map(&socket, size).map_err(failed("map the ring"))?;
        let ring = Self { socket, memory, size, next: 0 };
        ring.bind(index).map_err(failed("bind the capture socket"))?;
        Ok(ring)
    }

    /// The socket had protocol 0 until here, so that nothing of another interface is in the ring; from here on it listens.
    fn bind(&self, index: u32) -> io::Result<()> {
        let address = address(index, EVERYTHING);
        // SAFETY: the pointer and the length describe `address`, which outlives the call.
        check(unsafe { libc::bind(self.socket.as_raw_fd(), (&raw const address).cast(), length_of::<sockaddr_ll>()) }).map(drop)
    }

    /// Calls `each` with every block that the kernel has handed over, oldest first, and hands it back.
    pub(super) fn drain(&mut self, mut each: impl FnMut(&[u8])) {
        // Once around at most, so that a busy interface cannot hold the thread that serves all points.
        for _ in 0..self.size.blocks {
            let length = self.size.block as usize;
            // SAFETY: `next` is smaller than the number of blocks, so the block lies within the mapping.
            let block = unsafe { self.memory.add(self.next * length) };
            let status = const { offset_of!(tpacket_block_desc, hdr) + offset_of!(tpacket_hdr_v1, block_status) };
            // SAFETY: blocks are page aligned and the status word 4-byte aligned in them; the kernel writes it atomically.
            let status = unsafe { AtomicU32::from_ptr(block.add(status).as_ptr().cast()) };
            if status.load(Ordering::Acquire) & libc::TP_STATUS_USER == 0 {
                return;
            }
            // SAFETY: the kernel does not touch a block from setting TP_STATUS_USER until we set TP_STATUS_KERNEL below.
            each(unsafe { std::slice::from_raw_parts(block.as_ptr(), length) });
            status.store(libc::TP_STATUS_KERNEL, Ordering::Release);
            self.next = (self.next + 1) % self.size.blocks as usize;
        }
    }

    /// How many frames were dropped for want of room since the last call.
    pub(super) fn dropped(&self) -> io::Result<u64> {
        // SAFETY: a plain struct of integers, for which zeros are valid.
        let mut statistics: tpacket_stats_v3 = unsafe { zeroed() };
        let mut length = length_of::<tpacket_stats_v3>();
        let into = (&raw mut statistics).cast::<c_void>();
        // SAFETY: the pointer and the length describe `statistics`, which outlives the call.
        check(unsafe { libc::getsockopt(self.socket.as_raw_fd(), libc::SOL_PACKET, libc::PACKET_STATISTICS, into, &raw mut length) })?;
        Ok(statistics.tp_drops.into())
    }
}

impl AsFd for Ring {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: the mapping was made with this very length, and no block of it is borrowed any more.
        unsafe { libc::munmap(self.memory.as_ptr().cast(), self.size.block as usize * self.size.blocks as usize) };
    }
}

/// A packet socket that hears nothing and sends frames as they are.
pub(super) struct Sender(OwnedFd);

impl Sender {
    /// Opens one in this thread's network namespace, where it stays.
    pub(super) fn open() -> Result<Self, CaptureError> {
        packet_socket().map(Self)
    }

    /// Sends a frame out of the interface numbered `index`; `protocol` is its `EtherType`.
    pub(super) fn send(&self, frame: &[u8], index: u32, protocol: u16) -> io::Result<()> {
        let address = address(index, protocol);
        // SAFETY: both pointers and lengths describe live values that outlive the call.
        let sent = unsafe {
            libc::sendto(self.0.as_raw_fd(), frame.as_ptr().cast(), frame.len(), 0, (&raw const address).cast(), length_of::<sockaddr_ll>())
        };
        if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}

fn packet_socket() -> Result<OwnedFd, CaptureError> {
    socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK, None)
        .map_err(io::Error::from)
        .map_err(failed("open a packet socket"))
}

fn address(index: u32, protocol: u16) -> sockaddr_ll {
    // SAFETY: a plain struct of integers, for which zeros are valid.
    let mut address: sockaddr_ll = unsafe { zeroed() };
    address.sll_family = FAMILY;
    address.sll_protocol = protocol.to_be();
    address.sll_ifindex = index.cast_signed();
    address
}

fn map(socket: &OwnedFd, size: Size) -> io::Result<NonNull<u8>> {
    let length = size.block as usize * size.blocks as usize;
    // SAFETY: a fresh mapping at an address of the kernel's choice; the kernel checks that the length is the ring's.
    let memory = unsafe { libc::mmap(null_mut(), length, libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED, socket.as_raw_fd(), 0) };
    if memory == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    NonNull::new(memory.cast()).ok_or_else(|| io::Error::other("the kernel mapped the ring at address 0"))
}

fn set<T>(socket: &OwnedFd, level: c_int, option: c_int, value: &T) -> io::Result<()> {
    // SAFETY: the pointer and the length describe `value`, which outlives the call; the kernel copies it.
    check(unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, (&raw const *value).cast(), length_of::<T>()) }).map(drop)
}

fn check(result: c_int) -> io::Result<c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// The length of a value, as system calls want it.
const fn length_of<T>() -> socklen_t {
    assert!(size_of::<T>() <= socklen_t::MAX as usize);
    #[expect(clippy::cast_possible_truncation, reason = "asserted just above")]
    let length = size_of::<T>() as socklen_t;
    length
}
