//! Random draws of one thread.
//!
//! LibTorch's default generator is one for the whole process: threads that train pieces of one batch would take from it
//! in an order that no seed decides. Within [`with_seed`] a thread has a generator of its own.
#![allow(unsafe_code, reason = "calls the C++ shim with a live tensor and a generator that this module owns")]

use std::cell::RefCell;

use tch::{TchError, Tensor};

use crate::Error;
use crate::shim::{self, check};

thread_local! {
    static GENERATOR: RefCell<Option<Generator>> = const { RefCell::new(None) };
}

/// A generator of LibTorch for the CPU.
struct Generator(*mut shim::Generator);

impl Generator {
    fn new(seed: i64) -> Result<Self, TchError> {
        let mut generator = std::ptr::null_mut();
        // SAFETY: a pointer to a local, which is set to a new generator when the call succeeds.
        check(unsafe { shim::pt_generator_new(seed, &mut generator) })?;
        Ok(Self(generator))
    }

    /// `x` with dropout: LibTorch's own operations in its own order, but for where the noise comes from.
    fn dropout(&self, x: &Tensor, p: f64) -> Result<Tensor, TchError> {
        let mut out = std::ptr::null_mut();
        // SAFETY: a live tensor, a live generator; `out` is set to a new tensor when the call succeeds.
        unsafe {
            check(shim::pt_dropout(x.as_ptr(), p, self.0, &mut out))?;
            Ok(Tensor::from_ptr(out))
        }
    }
}

impl Drop for Generator {
    fn drop(&mut self) {
        // SAFETY: made by `new`, and nobody else has the pointer.
        unsafe { shim::pt_generator_free(self.0) }
    }
}

/// Runs `f` with a generator of this thread, from which [`dropout`] of tensors on the CPU draws; what was there before
/// is there again afterwards, after a panic too.
///
/// The draws are those that LibTorch's default generator gives after `tch::manual_seed(seed)`. Tensors on CUDA draw
/// from their device's default generator here too: LibTorch's fused dropout knows no other.
///
/// ```
/// use promoter_torch::random::{dropout, with_seed};
/// use tch::{Device, Kind, Tensor};
/// let x = Tensor::ones([100], (Kind::Float, Device::Cpu));
/// let drawn = || with_seed(7, || dropout(&x, 0.5, true));
/// assert_eq!(drawn()??, drawn()??);
/// # Ok::<(), promoter_torch::Error>(())
/// ```
///
/// # Errors
/// [`Error::Torch`] when LibTorch cannot make a generator.
pub fn with_seed<T>(seed: i64, f: impl FnOnce() -> T) -> Result<T, Error> {
    let before = GENERATOR.replace(Some(Generator::new(seed)?));
    let _restore = Restore(before);
    Ok(f())
}

struct Restore(Option<Generator>);

impl Drop for Restore {
    fn drop(&mut self) {
        GENERATOR.set(self.0.take());
    }
}

/// `x` with numbers set to zero with probability `p` and the others divided by 1 - p; `x` itself outside training.
///
/// Draws from the generator of [`with_seed`] where there is one, else from LibTorch's default generator.
///
/// # Shapes
/// Any to the same, lying in memory as `x` does.
///
/// # Errors
/// LibTorch's, for a `p` outside 0 to 1.
pub fn dropout(x: &Tensor, p: f64, train: bool) -> Result<Tensor, TchError> {
    let draws = train && p > 0.0 && p < 1.0 && x.numel() > 0;
    if !draws || x.device().is_cuda() {
        return x.f_dropout(p, train);
    }
    GENERATOR.with_borrow(|generator| match generator {
        Some(generator) => generator.dropout(x, p),
        None => x.f_dropout(p, train),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::autocast;
    use std::sync::Mutex;
    use tch::{Device, Kind};

    /// LibTorch's default generator is the process's: tests that seed it take turns.
    static DEFAULT_GENERATOR: Mutex<()> = Mutex::new(());

    fn layouts() -> Vec<Tensor> {
        let x = |size: &[i64]| Tensor::rand(size, (Kind::Float, Device::Cpu)) + 1.0;
        let mut tensors = vec![
            x(&[1]),
            x(&[7]),
            x(&[33, 1000]),
            x(&[4, 20, 30]).transpose(1, 2),
            x(&[4, 20, 3, 8]).permute([2, 0, 3, 1]),
            x(&[4, 20, 30]).slice(2, 3, 20, 2),
            x(&[5, 1, 6]).expand([5, 8, 6], false),
            x(&[4, 6, 9]).transpose(1, 2).unsqueeze(2),
            Tensor::from(2.0f32),
            Tensor::zeros([0, 3], (Kind::Float, Device::Cpu)),
        ];
        let other_kinds = [Kind::Double, Kind::BFloat16, Kind::Half].map(|kind| x(&[65, 33]).to_kind(kind));
        tensors.extend(other_kinds);
        tensors
    }

    fn assert_same(ours: &Tensor, theirs: &Tensor) {
        assert_eq!((ours.kind(), ours.size(), ours.stride()), (theirs.kind(), theirs.size(), theirs.stride()));
        assert!(ours.equal(theirs), "{:?} {:?}", ours.kind(), ours.size());
    }

    /// Same bytes as LibTorch's dropout after seeding the default generator, draw after draw, and the same gradients.
    #[test]
    fn draws_are_those_of_the_default_generator() {
        let _turn = DEFAULT_GENERATOR.lock();
        let inputs: Vec<Tensor> = layouts().iter().map(|x| x.detach().set_requires_grad(true)).collect();
        for (seed, p) in [(1, 0.2), (-5, 0.5), (i64::MAX, 0.05), (3, 1.0), (3, 0.0)] {
            tch::manual_seed(seed);
            let twice = || inputs.iter().chain(&inputs);
            let theirs: Vec<Tensor> = twice().map(|x| x.dropout(p, true)).collect();
            let ours = with_seed(seed, || twice().map(|x| dropout(x, p, true).unwrap()).collect::<Vec<_>>()).unwrap();
            for ((ours, theirs), x) in ours.iter().zip(&theirs).zip(twice()) {
                assert_same(ours, theirs);
                let gradient = |y: &Tensor| Tensor::run_backward(&[y.sum(Kind::Double)], &[x], true, false);
                assert_same(&gradient(ours)[0], &gradient(theirs)[0]);
            }
        }
    }

    #[test]
    fn autocast_changes_nothing() {
        let _turn = DEFAULT_GENERATOR.lock();
        let x = Tensor::rand([40, 50], (Kind::Float, Device::Cpu));
        let within = |f: &dyn Fn(&Tensor) -> Tensor| {
            autocast(Device::Cpu, Some(Kind::BFloat16), || [f(&x), f(&x.matmul(&x.tr()))]).unwrap()
        };
        tch::manual_seed(9);
        let theirs = within(&|x| x.dropout(0.3, true));
        let ours = with_seed(9, || within(&|x| dropout(x, 0.3, true).unwrap())).unwrap();
        assert_eq!([ours[0].kind(), ours[1].kind()], [Kind::Float, Kind::BFloat16]);
        ours.iter().zip(&theirs).for_each(|(ours, theirs)| assert_same(ours, theirs));
    }

    #[test]
    fn outside_training_and_outside_a_seed_it_is_libtorchs() {
        let _turn = DEFAULT_GENERATOR.lock();
        let x = Tensor::rand([40, 50], (Kind::Float, Device::Cpu));
        assert_same(&with_seed(1, || dropout(&x, 0.5, false).unwrap()).unwrap(), &x);
        tch::manual_seed(2);
        let theirs = x.dropout(0.5, true);
        tch::manual_seed(2);
        assert_same(&dropout(&x, 0.5, true).unwrap(), &theirs);
        for p in [-0.1, 1.1, f64::NAN] {
            assert!(with_seed(1, || dropout(&x, p, true)).unwrap().is_err(), "{p}");
        }
    }

    #[test]
    fn the_generator_before_is_back_after_a_seed_within_and_after_a_panic() {
        let x = Tensor::ones([1000], (Kind::Float, Device::Cpu));
        let draw = || dropout(&x, 0.5, true).unwrap();
        let expected = with_seed(4, || [draw(), draw()]).unwrap();
        let found = with_seed(4, || {
            let first = draw();
            let _ = with_seed(5, draw).unwrap();
            let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| with_seed(6, || panic!("inside"))));
            assert!(caught.is_err());
            [first, draw()]
        });
        assert_eq!(found.unwrap(), expected);
        GENERATOR.with_borrow(|generator| assert!(generator.is_none()));
    }

    /// What one thread draws does not depend on what others draw meanwhile.
    #[test]
    fn threads_have_their_own() {
        let draw = |seed: i64| {
            let x = Tensor::ones([5000], (Kind::Float, Device::Cpu));
            with_seed(seed, || (0..50).map(|_| dropout(&x, 0.5, true).unwrap()).collect::<Vec<_>>()).unwrap()
        };
        let alone: Vec<_> = (0..4).map(draw).collect();
        let together: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|seed| scope.spawn(move || draw(seed))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(alone, together);
    }
}
