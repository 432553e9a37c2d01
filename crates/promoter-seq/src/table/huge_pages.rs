//! Memory in large pages.
//!
//! Most of the time of filling a fresh buffer goes into the first touch of its pages. Where the system gives large pages
//! on request (`madvise`, the usual setting of Linux), asking for them makes reading a file a third faster.

/// Makes room for `additional` more bytes, if there is memory for them; in large pages where the system gives them.
pub(super) fn reserve(bytes: &mut Vec<u8>, additional: usize) {
    // An estimate may be wrong by far: then the buffer grows as it is filled.
    if bytes.try_reserve_exact(additional).is_ok() {
        advise(bytes);
    }
}

#[cfg(target_os = "linux")]
#[allow(unsafe_code, reason = "advice to the kernel about memory that this vector owns")]
fn advise(bytes: &mut Vec<u8>) {
    const PAGE: usize = 1 << 21;
    let spare = bytes.spare_capacity_mut();
    let offset = spare.as_ptr().align_offset(PAGE);
    if let Some(aligned) = spare.get_mut(offset..).filter(|aligned| aligned.len() >= PAGE) {
        let length = aligned.len() / PAGE * PAGE;
        // SAFETY: the range lies in the spare capacity of the vector, which is borrowed mutably; the advice changes
        // neither its address nor its contents. Whether the kernel takes it does not matter.
        unsafe {
            libc::madvise(aligned.as_mut_ptr().cast(), length, libc::MADV_HUGEPAGE);
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn advise(_: &mut Vec<u8>) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_made_and_contents_stay() {
        let mut bytes = vec![7; 3];
        reserve(&mut bytes, 5 << 20);
        assert!(bytes.capacity() >= 3 + (5 << 20));
        bytes.resize(3 + (5 << 20), 8);
        assert_eq!((bytes[2], bytes[3], bytes[5 << 20]), (7, 8, 8));
        reserve(&mut bytes, usize::MAX / 2);
        assert_eq!(bytes.len(), 3 + (5 << 20));
    }
}
