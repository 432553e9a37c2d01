//! The C++ shim's functions, as C declares them.
#![allow(unsafe_code, reason = "foreign functions; every pointer comes from a live tensor or a local")]

use std::ffi::{CStr, c_char, c_double, c_int};

use tch::{TchError, Tensor};
use torch_sys::C_tensor;

pub(crate) type List = *const *mut C_tensor;

unsafe extern "C" {
    fn pt_error() -> *const c_char;
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
    Err(TchError::Torch(text.to_string_lossy().into_owned()))
}

/// Pointers to the C++ tensors, for the length of a call.
pub(crate) fn pointers(tensors: &[Tensor]) -> Vec<*mut C_tensor> {
    tensors.iter().map(|t| t.as_ptr().cast_mut()).collect()
}
