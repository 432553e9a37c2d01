//! What the allocator does with memory that LibTorch frees.
#![allow(unsafe_code, reason = "calls mallopt with plain numbers")]

/// Keeps freed memory in the process, for all allocations from now on.
///
/// glibc gives large blocks back to the system at once, and LibTorch asks for the same ones again in the next training
/// step: page by page they are mapped and zeroed anew, which costs a tenth of a step and more. The process stays as
/// large as it has been at most. Only on Linux with glibc; elsewhere it does nothing.
///
/// For a program, at its start: it concerns the whole process.
pub fn keep_freed() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: plain numbers; glibc ignores what it does not know.
    unsafe {
        libc::mallopt(libc::M_MMAP_MAX, 0);
        libc::mallopt(libc::M_TRIM_THRESHOLD, i32::MAX);
        libc::mallopt(libc::M_TOP_PAD, 64 << 20);
    }
}
