//! The system calls that nix has no safe form of: a TUN device, and a raw socket of a protocol it does not list.
#![expect(unsafe_code, reason = "ioctl(2) of a TUN device, socket(2) with protocol 4 and setsockopt(IP_HDRINCL) take raw arguments")]

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;

use nix::errno::Errno;

/// Where TUN devices come from.
pub(super) const TUN_FILE: &str = "/dev/net/tun";

mod ioctl {
    // linux/if_tun.h: `_IOW('T', 202, int)`, although what it takes is a `struct ifreq`.
    nix::ioctl_write_ptr_bad!(tunsetiff, nix::request_code_write!(b'T', 202, size_of::<libc::c_int>()), libc::ifreq);
}

/// Makes the TUN device `name` in this thread's network namespace; it goes with the file. Reads of it do not block.
///
/// # Errors
/// `/dev/net/tun` cannot be opened, or the name is taken.
pub(super) fn open_tun(name: &str) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK).open(TUN_FILE)?;
    // SAFETY: all of `ifreq` is integers and unions of them, for which zero is a value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    if name.len() >= request.ifr_name.len() {
        return Err(Errno::ENAMETOOLONG.into());
    }
    for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *to = from.cast_signed();
    }
    // Bare IP packets: no packet information in front (IFF_NO_PI).
    request.ifr_ifru.ifru_flags = libc::c_short::try_from(libc::IFF_TUN | libc::IFF_NO_PI).expect("0x1001");
    // SAFETY: the file is open, and the request lives until the call returns; the kernel copies it (tun_chr_ioctl).
    unsafe { ioctl::tunsetiff(file.as_raw_fd(), &raw const request) }?;
    Ok(file)
}

/// A raw socket of `protocol` in this thread's network namespace: hears packets of that protocol that are for this host, IP header
/// included, and sends packets with the IP header that it is given (raw(7), `IP_HDRINCL`). It does not block.
///
/// # Errors
/// `CAP_NET_RAW` is missing.
pub(super) fn raw_socket(protocol: u8) -> io::Result<OwnedFd> {
    let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    // SAFETY: takes no pointers.
    let socket = Errno::result(unsafe { libc::socket(libc::AF_INET, kind, libc::c_int::from(protocol)) })?;
    // SAFETY: just opened, and nobody else's.
    let socket = unsafe { OwnedFd::from_raw_fd(socket) };
    let on: libc::c_int = 1;
    let length = libc::socklen_t::try_from(size_of_val(&on)).expect("4");
    // SAFETY: `on` lives until the call returns, and `length` is its size.
    let set = unsafe { libc::setsockopt(socket.as_raw_fd(), libc::IPPROTO_IP, libc::IP_HDRINCL, (&raw const on).cast(), length) };
    Errno::result(set)?;
    Ok(socket)
}
