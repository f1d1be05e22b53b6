//! How much of what a TCP socket was given has not been acknowledged yet.
#![expect(unsafe_code, reason = "ioctl(SIOCOUTQ) takes a raw pointer")]

use std::io;
use std::os::fd::{AsFd, AsRawFd};

mod ioctl {
    // linux/sockios.h: SIOCOUTQ is TIOCOUTQ.
    nix::ioctl_read_bad!(outq, libc::TIOCOUTQ, libc::c_int);
}

/// How many bytes were written and are not acknowledged, a FIN counted as one (tcp(7), `SIOCOUTQ`).
///
/// # Errors
/// It is not a TCP socket, or it listens.
pub(super) fn unacknowledged(socket: impl AsFd) -> io::Result<u32> {
    let mut bytes: libc::c_int = 0;
    // SAFETY: the descriptor is borrowed for the call, and the kernel writes one int to where `bytes` lives.
    unsafe { ioctl::outq(socket.as_fd().as_raw_fd(), &raw mut bytes) }?;
    Ok(bytes.try_into().unwrap_or(0))
}
