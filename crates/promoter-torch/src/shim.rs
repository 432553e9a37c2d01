//! The C++ shim's functions, as C declares them.
#![allow(unsafe_code, reason = "foreign functions; every pointer comes from a live tensor or a local")]

use std::ffi::{CStr, c_char, c_double, c_int};

use tch::{Kind, TchError, Tensor};
use torch_sys::C_tensor;

use crate::error::brief;

pub(crate) type List = *const *mut C_tensor;

/// LibTorch's `at::Generator`, behind a pointer only.
#[repr(C)]
pub(crate) struct Generator {
    _private: [u8; 0],
}

unsafe extern "C" {
    fn pt_error() -> *const c_char;
    #[cfg(test)]
    fn pt_fail(how: c_int) -> c_int;
    pub(crate) fn pt_generator_new(seed: i64, out: *mut *mut Generator) -> c_int;
    pub(crate) fn pt_generator_free(generator: *mut Generator);
    pub(crate) fn pt_dropout(
        x: *const C_tensor,
        p: c_double,
        generator: *mut Generator,
        out: *mut *mut C_tensor,
    ) -> c_int;
    pub(crate) fn pt_meta(size: *const i64, dimensions: usize, kind: c_int, out: *mut *mut C_tensor) -> c_int;
    pub(crate) fn pt_first_unlike(p: List, t: List, n: usize, strides: c_int, index: *mut usize) -> c_int;
    pub(crate) fn pt_first_no_step(p: List, steps: List, n: usize, index: *mut usize) -> c_int;
    pub(crate) fn pt_autocast_get(cuda: c_int, enabled: *mut c_int, kind: *mut c_int) -> c_int;
    pub(crate) fn pt_autocast_set(cuda: c_int, enabled: c_int, kind: c_int) -> c_int;
    pub(crate) fn pt_autocast_enter() -> c_int;
    pub(crate) fn pt_autocast_exit() -> c_int;
    pub(crate) fn pt_tf32(on: c_int) -> c_int;
    pub(crate) fn pt_onednn(on: c_int) -> c_int;
    pub(crate) fn pt_deterministic(on: c_int) -> c_int;
    pub(crate) fn pt_memory(device: c_int, allocated: *mut i64, peak: *mut i64) -> c_int;
    pub(crate) fn pt_foreach_norm(t: List, n: usize, total: *mut *mut C_tensor) -> c_int;
    pub(crate) fn pt_foreach_mul_scalar(t: List, n: usize, factor: c_double) -> c_int;
    pub(crate) fn pt_foreach_mul_tensor(t: List, n: usize, factor: *const C_tensor) -> c_int;
    pub(crate) fn pt_foreach_add(t: List, other: List, n: usize, alpha: c_double) -> c_int;
    pub(crate) fn pt_foreach_lerp(t: List, end: List, n: usize, weight: c_double) -> c_int;
    pub(crate) fn pt_foreach_copy(t: List, source: List, n: usize) -> c_int;
    pub(crate) fn pt_fused_sgd(
        p: List,
        g: List,
        velocity: List,
        n: usize,
        decay: c_double,
        momentum: c_double,
        lr: c_double,
    ) -> c_int;
    pub(crate) fn pt_fused_adam(
        p: List,
        g: List,
        m: List,
        v: List,
        steps: List,
        n: usize,
        lr: c_double,
        beta1: c_double,
        beta2: c_double,
        decay: c_double,
        eps: c_double,
        decoupled: c_int,
    ) -> c_int;
}

/// The result of a shim function: its text when it failed.
pub(crate) fn check(code: c_int) -> Result<(), TchError> {
    if code == 0 {
        return Ok(());
    }
    // SAFETY: pt_error returns a string that lives until this thread's next failure.
    let text = unsafe { CStr::from_ptr(pt_error()) };
    Err(brief(TchError::Torch(text.to_string_lossy().into_owned())))
}

/// LibTorch's number of a kind.
pub(crate) fn code(kind: Kind) -> c_int {
    match kind {
        Kind::Uint8 => 0,
        Kind::Int8 => 1,
        Kind::Int16 => 2,
        Kind::Int => 3,
        Kind::Int64 => 4,
        Kind::Half => 5,
        Kind::Float => 6,
        Kind::Double => 7,
        Kind::Bool => 11,
        Kind::BFloat16 => 15,
        // Complex and quantised numbers, which nothing here has.
        _ => 6,
    }
}

/// A tensor with a shape and a kind, but no memory. Its device is none that tch knows: do not ask for it.
pub(crate) fn meta(shape: &[i64], kind: Kind) -> Result<Tensor, TchError> {
    let mut out = std::ptr::null_mut();
    // SAFETY: a pointer to the shape for the length of the call; `out` is set to a new tensor when the call succeeds.
    unsafe {
        check(pt_meta(shape.as_ptr(), shape.len(), code(kind), &mut out))?;
        Ok(Tensor::from_ptr(out))
    }
}

/// Pointers to the C++ tensors, for the length of a call.
pub(crate) fn pointers(tensors: &[Tensor]) -> Vec<*mut C_tensor> {
    tensors.iter().map(|t| t.as_ptr().cast_mut()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever C++ throws comes back as an error of one line.
    #[test]
    fn every_exception_is_caught() {
        for (how, text) in
            [(0, "a check of LibTorch"), (1, "the standard library"), (2, "an exception of unknown type")]
        {
            // SAFETY: plain numbers.
            let error = check(unsafe { pt_fail(how) }).unwrap_err();
            assert_eq!(error.to_string(), format!("Internal torch error: {text}"));
        }
    }
}
