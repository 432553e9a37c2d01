//! The functions of `distributed.cpp`, as C declares them.

use std::ffi::{c_char, c_int};

use torch_sys::C_tensor;

use crate::shim::List;

/// A group and its store, behind a pointer only.
#[repr(C)]
pub(super) struct Group {
    _private: [u8; 0],
}

/// A Reducer and its weights, behind a pointer only.
#[repr(C)]
pub(super) struct Reducer {
    _private: [u8; 0],
}

unsafe extern "C" {
    pub(super) fn pt_group_join(
        host: *const c_char,
        port: c_int,
        rank: c_int,
        size: c_int,
        serves: c_int,
        prefix: *const c_char,
        interface: *const c_char,
        timeout: i64,
        out: *mut *mut Group,
    ) -> c_int;
    pub(super) fn pt_group_free(group: *mut Group);
    pub(super) fn pt_group_lost(group: *mut Group, out: *mut c_char, size: usize) -> c_int;
    pub(super) fn pt_group_all_reduce(group: *mut Group, tensors: List, n: usize) -> c_int;
    pub(super) fn pt_group_total(group: *mut Group, x: *const C_tensor, out: *mut *mut C_tensor) -> c_int;
    pub(super) fn pt_group_broadcast(group: *mut Group, tensors: List, n: usize) -> c_int;
    pub(super) fn pt_reducer_new(group: *mut Group, weights: List, n: usize, out: *mut *mut Reducer) -> c_int;
    pub(super) fn pt_reducer_free(reducer: *mut Reducer);
    pub(super) fn pt_reducer_backward(reducer: *mut Reducer, loss: *const C_tensor, out: *mut *mut C_tensor) -> c_int;
}
