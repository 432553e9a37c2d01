//! Switches of LibTorch that tch leaves out.
#![allow(unsafe_code, reason = "calls the C++ shim with plain numbers and pointers to locals")]

use std::ffi::c_int;

use tch::{Device, Kind};

use crate::Error;
use crate::shim::{self, check};

/// Version of LibTorch that this build is for; the build stops at any other.
pub const VERSION: &str = "2.11.0";

/// Whether f32 matrix products and convolutions on CUDA may use TF32.
///
/// # Errors
/// [`Error::Torch`].
pub fn allow_tf32(on: bool) -> Result<(), Error> {
    // SAFETY: plain numbers.
    Ok(check(unsafe { shim::pt_tf32(on.into()) })?)
}

/// Whether oneDNN serves the CPU; convolutions are far slower without.
///
/// # Errors
/// [`Error::Torch`].
pub fn use_onednn(on: bool) -> Result<(), Error> {
    // SAFETY: plain numbers.
    Ok(check(unsafe { shim::pt_onednn(on.into()) })?)
}

/// Whether only deterministic algorithms are used; operations without one then fail.
///
/// # Errors
/// [`Error::Torch`].
pub fn deterministic(on: bool) -> Result<(), Error> {
    // SAFETY: plain numbers.
    Ok(check(unsafe { shim::pt_deterministic(on.into()) })?)
}

/// Bytes on a CUDA device: in use now, and at most so far.
///
/// # Errors
/// [`Error::Torch`] without CUDA.
pub fn cuda_memory(index: usize) -> Result<(i64, i64), Error> {
    let (mut allocated, mut peak) = (0, 0);
    // SAFETY: pointers to locals.
    check(unsafe { shim::pt_memory(index as c_int, &mut allocated, &mut peak) })?;
    Ok((allocated, peak))
}

/// Runs `f` with autocast to `kind` (bf16 or f16) on the kind of device that `device` is; what was set before is set
/// again afterwards, after a panic too. `None` runs `f` with autocast off.
///
/// ```
/// use promoter_torch::backend::autocast;
/// use tch::{Device, Kind, Tensor};
/// let a = Tensor::ones([4, 4], (Kind::Float, Device::Cpu));
/// let product = autocast(Device::Cpu, Some(Kind::BFloat16), || a.matmul(&a))?;
/// assert_eq!(product.kind(), Kind::BFloat16);
/// # Ok::<(), promoter_torch::Error>(())
/// ```
///
/// # Errors
/// [`Error::Torch`] when LibTorch refuses the switch.
pub fn autocast<T>(device: Device, kind: Option<Kind>, f: impl FnOnce() -> T) -> Result<T, Error> {
    let cuda = c_int::from(device.is_cuda());
    let (mut enabled, mut before) = (0, 0);
    // SAFETY: plain numbers and pointers to locals.
    let _restore = unsafe {
        check(shim::pt_autocast_get(cuda, &mut enabled, &mut before))?;
        let wanted = kind.map_or(before, code);
        check(shim::pt_autocast_set(cuda, kind.is_some().into(), wanted))?;
        check(shim::pt_autocast_enter())?;
        Restore { cuda, enabled, kind: before }
    };
    Ok(f())
}

struct Restore {
    cuda: c_int,
    enabled: c_int,
    kind: c_int,
}

impl Drop for Restore {
    fn drop(&mut self) {
        // SAFETY: plain numbers. Neither call can fail for values that were set before.
        unsafe {
            shim::pt_autocast_exit();
            shim::pt_autocast_set(self.cuda, self.enabled, self.kind);
        }
    }
}

/// LibTorch's number of a kind.
fn code(kind: Kind) -> c_int {
    match kind {
        Kind::Half => 5,
        Kind::BFloat16 => 15,
        _ => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Tensor;

    #[test]
    fn autocast_is_off_again_after_a_panic() {
        let a = Tensor::ones([2, 2], (Kind::Float, Device::Cpu));
        let caught = std::panic::catch_unwind(|| autocast(Device::Cpu, Some(Kind::BFloat16), || panic!("inside")));
        assert!(caught.is_err());
        assert_eq!(a.matmul(&a).kind(), Kind::Float);
    }

    #[test]
    fn memory_without_cuda_is_an_error() {
        if !tch::Cuda::is_available() {
            assert!(cuda_memory(0).is_err());
        }
    }
}
