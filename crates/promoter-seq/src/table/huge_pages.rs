//! Memory in large pages.
//!
//! Much of the time of filling a fresh buffer goes into the first touch of its pages. Where the system gives large
//! pages on request (`madvise`, the usual setting of Linux), asking for them spares most of these faults.

/// Makes room for `additional` more items, if there is memory for them; in large pages where the system gives them.
pub(super) fn reserve<T>(items: &mut Vec<T>, additional: usize) {
    // An estimate may be wrong by far: then the buffer grows as it is filled.
    if items.try_reserve_exact(additional).is_ok() {
        advise(items);
    }
}

#[cfg(target_os = "linux")]
#[allow(unsafe_code, reason = "advice to the kernel about memory that this vector owns")]
fn advise<T>(items: &mut Vec<T>) {
    const PAGE: usize = 1 << 21;
    let spare = items.spare_capacity_mut();
    let start = spare.as_mut_ptr().cast::<u8>();
    let (size, offset) = (std::mem::size_of_val(spare), start.align_offset(PAGE));
    let length = size.saturating_sub(offset) / PAGE * PAGE;
    if length > 0 {
        // SAFETY: the range lies in the spare capacity of the vector, which is borrowed mutably; the advice changes
        // neither its address nor its contents. Whether the kernel takes it does not matter.
        unsafe {
            libc::madvise(start.add(offset).cast(), length, libc::MADV_HUGEPAGE);
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn advise<T>(_: &mut Vec<T>) {}

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
