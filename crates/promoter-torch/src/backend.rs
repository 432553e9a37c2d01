//! Switches of LibTorch that tch leaves out.
#![allow(unsafe_code, reason = "calls the C++ shim with plain numbers and pointers to locals")]

use std::ffi::c_int;

use tch::{Device, Kind};

use crate::Error;
use crate::shim::{self, check, code};

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

/// Whether oneDNN serves the CPU; otherwise convolutions are far slower.
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
    let mut restore = Restore::new(cuda)?;
    restore.enter(kind)?;
    Ok(f())
}

/// Sets again what was set when it was made, also when entering fails halfway.
struct Restore {
    cuda: c_int,
    enabled: c_int,
    kind: c_int,
    entered: bool,
}

impl Restore {
    fn new(cuda: c_int) -> Result<Self, Error> {
        let (mut enabled, mut kind) = (0, 0);
        // SAFETY: plain numbers and pointers to locals.
        check(unsafe { shim::pt_autocast_get(cuda, &mut enabled, &mut kind) })?;
        Ok(Self { cuda, enabled, kind, entered: false })
    }

    fn enter(&mut self, kind: Option<Kind>) -> Result<(), Error> {
        // SAFETY: plain numbers.
        unsafe {
            check(shim::pt_autocast_set(self.cuda, kind.is_some().into(), kind.map_or(self.kind, code)))?;
            check(shim::pt_autocast_enter())?;
        }
        self.entered = true;
        Ok(())
    }
}

impl Drop for Restore {
    fn drop(&mut self) {
        // SAFETY: plain numbers. Neither call can fail for values that were set before.
        unsafe {
            if self.entered {
                shim::pt_autocast_exit();
            }
            shim::pt_autocast_set(self.cuda, self.enabled, self.kind);
        }
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

    /// Entering sets autocast first and nests second: what fails in between must not leave it on.
    #[test]
    fn autocast_is_off_again_when_entering_stops_halfway() {
        let a = Tensor::ones([2, 2], (Kind::Float, Device::Cpu));
        let restore = Restore::new(0).unwrap();
        // SAFETY: plain numbers.
        check(unsafe { shim::pt_autocast_set(0, 1, code(Kind::BFloat16)) }).unwrap();
        assert_eq!(a.matmul(&a).kind(), Kind::BFloat16);
        drop(restore);
        assert_eq!(a.matmul(&a).kind(), Kind::Float);
    }

    #[test]
    fn memory_without_cuda_is_an_error() {
        if !tch::Cuda::is_available() {
            assert!(cuda_memory(0).is_err());
        }
    }
}
