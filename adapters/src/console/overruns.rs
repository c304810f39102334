//! Bytes that a port lost before anybody could read them: what the kernel counts of a tty.
//!
//! Built on the kernel's interface; not seen on a port that overran, because a pty has no such counts.

use std::os::fd::AsFd;

use rustix::ioctl::{Getter, ioctl};

/// `TIOCGICOUNT`, where it has this number.
#[cfg(any(
    target_arch = "x86_64",
    target_arch = "x86",
    target_arch = "aarch64",
    target_arch = "arm",
    target_arch = "riscv64"
))]
const GET_COUNTS: rustix::ioctl::Opcode = 0x545d;

/// `struct serial_icounter_struct` of the kernel.
#[repr(C)]
#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    /// Modem lines, received and sent bytes, framing errors.
    before: [i32; 7],
    /// The UART was not read in time.
    overrun: i32,
    parity: i32,
    breaks: i32,
    /// The kernel's own buffer was full.
    buffer_overrun: i32,
    reserved: [i32; 9],
}

/// How many bytes this tty has lost since it was opened by anybody; `None`: it does not count.
#[cfg(any(
    target_arch = "x86_64",
    target_arch = "x86",
    target_arch = "aarch64",
    target_arch = "arm",
    target_arch = "riscv64"
))]
pub(super) fn counted(tty: impl AsFd) -> Option<u64> {
    // SAFETY: the kernel writes one `serial_icounter_struct`, which `Counts` has the size and layout of.
    #[expect(unsafe_code, reason = "rustix has no name for this request")]
    let counts = unsafe { ioctl(tty, Getter::<GET_COUNTS, Counts>::new()) }.ok()?;
    u64::try_from(i64::from(counts.overrun) + i64::from(counts.buffer_overrun)).ok()
}

/// Elsewhere the request has another number.
#[cfg(not(any(
    target_arch = "x86_64",
    target_arch = "x86",
    target_arch = "aarch64",
    target_arch = "arm",
    target_arch = "riscv64"
)))]
pub(super) fn counted(_tty: impl AsFd) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pty_counts_nothing_and_the_structure_is_the_kernels() {
        let (dut, _) = crate::doubles::pty();
        assert_eq!(counted(&dut), None);
        assert_eq!(std::mem::size_of::<Counts>(), 80);
        assert_eq!(std::mem::offset_of!(Counts, overrun), 28);
        assert_eq!(std::mem::offset_of!(Counts, buffer_overrun), 40);
    }
}
