//! Arithmetic over many tensors in one call, without gradients: what optimisers are made of.
//!
//! On CUDA each function is a few kernels for all tensors together; on the CPU it saves the calls. Lists that belong
//! together must have the same length. LibTorch's fused steps go through memory and look at nothing else, so [`sgd_`]
//! and [`adam_`] first compare sizes, kinds, devices and layouts.
#![allow(unsafe_code, reason = "calls the C++ shim with pointers to live tensors")]

use tch::Tensor;

use crate::Error;
use crate::shim::{self, check, pointers};

/// Euclidean norm over all tensors, a number on their device.
///
/// # Errors
/// [`Error::Torch`], for an empty list too.
pub fn norm(tensors: &[Tensor]) -> Result<Tensor, Error> {
    let list = pointers(tensors);
    let mut total = std::ptr::null_mut();
    // SAFETY: `list` holds pointers to live tensors; `total` is set to a new tensor when the call succeeds.
    unsafe {
        check(shim::pt_foreach_norm(list.as_ptr(), list.len(), &mut total))?;
        Ok(Tensor::from_ptr(total))
    }
}

/// `t *= factor` for each.
///
/// # Errors
/// [`Error::Torch`].
pub fn mul_(tensors: &[Tensor], factor: f64) -> Result<(), Error> {
    let list = pointers(tensors);
    // SAFETY: pointers to live tensors.
    Ok(check(unsafe { shim::pt_foreach_mul_scalar(list.as_ptr(), list.len(), factor) })?)
}

/// `t *= factor` for each, with a factor that stays on the device.
///
/// # Errors
/// [`Error::Torch`].
pub fn mul_tensor_(tensors: &[Tensor], factor: &Tensor) -> Result<(), Error> {
    let list = pointers(tensors);
    // SAFETY: pointers to live tensors.
    Ok(check(unsafe { shim::pt_foreach_mul_tensor(list.as_ptr(), list.len(), factor.as_ptr()) })?)
}

/// `t += alpha * other` for each pair.
///
/// # Errors
/// [`Error::GroupLength`], [`Error::Torch`].
pub fn add_(tensors: &[Tensor], other: &[Tensor], alpha: f64) -> Result<(), Error> {
    let (list, other) = pairs(tensors, "others", other)?;
    // SAFETY: pointers to live tensors, lists of one length.
    Ok(check(unsafe { shim::pt_foreach_add(list.as_ptr(), other.as_ptr(), list.len(), alpha) })?)
}

/// `t += weight * (end - t)` for each pair.
///
/// # Errors
/// [`Error::GroupLength`], [`Error::Torch`].
pub fn lerp_(tensors: &[Tensor], end: &[Tensor], weight: f64) -> Result<(), Error> {
    let (list, end) = pairs(tensors, "ends", end)?;
    // SAFETY: pointers to live tensors, lists of one length.
    Ok(check(unsafe { shim::pt_foreach_lerp(list.as_ptr(), end.as_ptr(), list.len(), weight) })?)
}

/// `t = source` for each pair.
///
/// # Errors
/// [`Error::GroupLength`], [`Error::Torch`].
pub fn copy_(tensors: &[Tensor], source: &[Tensor]) -> Result<(), Error> {
    let (list, source) = pairs(tensors, "sources", source)?;
    // SAFETY: pointers to live tensors, lists of one length.
    Ok(check(unsafe { shim::pt_foreach_copy(list.as_ptr(), source.as_ptr(), list.len()) })?)
}

/// One step of momentum SGD: `v = momentum v + (g + decay p)`, then `p -= lr v`.
///
/// # Errors
/// [`Error::Group`] and [`Error::GroupLength`], before anything is changed, for gradients or velocities of another
/// size, kind or device than their weights, velocities of another layout, or weights with gaps; [`Error::Torch`].
pub fn sgd_(p: &[Tensor], g: &[Tensor], v: &[Tensor], decay: f64, momentum: f64, lr: f64) -> Result<(), Error> {
    let weights = pointers(p);
    let g = gradients(p, g)?;
    let (g, v) = (pointers(&g), alike(p, "velocity", v)?);
    // SAFETY: pointers to live tensors, lists of one length; the tensors of one place are alike and dense.
    Ok(check(unsafe { shim::pt_fused_sgd(weights.as_ptr(), g.as_ptr(), v.as_ptr(), p.len(), decay, momentum, lr) })?)
}

/// The numbers of one Adam step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adam {
    /// Learning rate.
    pub lr: f64,
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the root of the corrected second moment.
    pub eps: f64,
    /// Weight decay.
    pub decay: f64,
    /// Whether the decay acts on the weights (AdamW) or is added to the gradient (Adam).
    pub decoupled: bool,
}

/// One step of PyTorch's Adam or AdamW, fused; `steps` are float scalars that count from 1 in the first step.
///
/// # Errors
/// As [`sgd_`], for the moments too, and [`Error::Group`] for a step that is not an f32 scalar on its weight's device.
pub fn adam_(
    p: &[Tensor],
    g: &[Tensor],
    m: &[Tensor],
    v: &[Tensor],
    steps: &[Tensor],
    with: Adam,
) -> Result<(), Error> {
    let weights = pointers(p);
    let g = gradients(p, g)?;
    let (g, m, v) = (pointers(&g), alike(p, "first moment", m)?, alike(p, "second moment", v)?);
    let steps = scalars(p, steps)?;
    // SAFETY: pointers to live tensors, lists of one length; the tensors of one place are alike and dense, steps
    // scalars.
    Ok(check(unsafe {
        shim::pt_fused_adam(
            weights.as_ptr(),
            g.as_ptr(),
            m.as_ptr(),
            v.as_ptr(),
            steps.as_ptr(),
            p.len(),
            with.lr,
            with.beta1,
            with.beta2,
            with.decay,
            with.eps,
            with.decoupled.into(),
        )
    })?)
}

/// The gradients in the layout of their parameters: the fused steps go through memory and do not look at strides, and
/// the gradient of a convolution's kernel may come with its axes exchanged.
fn gradients(parameters: &[Tensor], gradients: &[Tensor]) -> Result<Vec<Tensor>, Error> {
    let _ = compare(parameters, "gradient", gradients, false)?;
    let _guard = tch::no_grad_guard();
    let laid_out = |(p, g): (&Tensor, &Tensor)| -> Result<Tensor, Error> {
        match p.stride() == g.stride() {
            true => Ok(g.shallow_clone()),
            false => {
                let mut copy = p.f_empty_like()?;
                copy.f_copy_(g)?;
                Ok(copy)
            }
        }
    };
    parameters.iter().zip(gradients).map(laid_out).collect()
}

type Pointers = Vec<*mut torch_sys::C_tensor>;

fn pairs(a: &[Tensor], list: &'static str, b: &[Tensor]) -> Result<(Pointers, Pointers), Error> {
    if a.len() != b.len() {
        return Err(Error::GroupLength { list, expected: a.len(), found: b.len() });
    }
    Ok((pointers(a), pointers(b)))
}

/// Pointers to tensors that are like their parameters in every respect.
fn alike(parameters: &[Tensor], list: &'static str, tensors: &[Tensor]) -> Result<Pointers, Error> {
    compare(parameters, list, tensors, true)
}

/// All of it in C++: one call, not several for each tensor in each step.
fn compare(parameters: &[Tensor], list: &'static str, tensors: &[Tensor], strides: bool) -> Result<Pointers, Error> {
    let (p, t) = pairs(parameters, list, tensors)?;
    let mut index = 0;
    // SAFETY: pointers to live tensors, lists of one length, and a pointer to a local.
    check(unsafe { shim::pt_first_unlike(p.as_ptr(), t.as_ptr(), p.len(), strides.into(), &mut index) })?;
    let Some((parameter, tensor)) = parameters.get(index).zip(tensors.get(index)) else { return Ok(t) };
    let expected = format!("{} as its weight, without gaps", describe(parameter));
    Err(Error::Group { list, index, expected, found: describe(tensor) })
}

fn scalars(parameters: &[Tensor], steps: &[Tensor]) -> Result<Pointers, Error> {
    let (p, s) = pairs(parameters, "step", steps)?;
    let mut index = 0;
    // SAFETY: pointers to live tensors, lists of one length, and a pointer to a local.
    check(unsafe { shim::pt_first_no_step(p.as_ptr(), s.as_ptr(), p.len(), &mut index) })?;
    let Some(step) = steps.get(index) else { return Ok(s) };
    let expected = "a Float scalar on the device of its weight".to_owned();
    Err(Error::Group { list: "step", index, expected, found: describe(step) })
}

/// What a fused step looks at, or would have to.
fn describe(tensor: &Tensor) -> String {
    if !tensor.defined() {
        return "an undefined tensor".to_owned();
    }
    if tensor.is_sparse() {
        return format!("sparse {:?} {:?}", tensor.kind(), tensor.size());
    }
    format!("{:?} {:?} strides {:?} on {:?}", tensor.kind(), tensor.size(), tensor.stride(), tensor.device())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two(a: &[f32], b: &[f32]) -> Vec<Tensor> {
        vec![Tensor::from_slice(a), Tensor::from_slice(b)]
    }

    fn values(tensors: &[Tensor]) -> Vec<Vec<f32>> {
        tensors.iter().map(|t| Vec::try_from(t).unwrap()).collect()
    }

    #[test]
    fn each_function_is_its_formula() {
        let t = two(&[3.0, 0.0], &[4.0]);
        assert_eq!(norm(&t).unwrap().double_value(&[]), 5.0);
        add_(&t, &two(&[1.0, 2.0], &[3.0]), 2.0).unwrap();
        assert_eq!(values(&t), [vec![5.0, 4.0], vec![10.0]]);
        mul_(&t, 0.5).unwrap();
        mul_tensor_(&t, &Tensor::from(2.0f32)).unwrap();
        assert_eq!(values(&t), [vec![5.0, 4.0], vec![10.0]]);
        lerp_(&t, &two(&[1.0, 0.0], &[0.0]), 0.5).unwrap();
        assert_eq!(values(&t), [vec![3.0, 2.0], vec![5.0]]);
        copy_(&t, &two(&[7.0, 8.0], &[9.0])).unwrap();
        assert_eq!(values(&t), [vec![7.0, 8.0], vec![9.0]]);
    }

    #[test]
    fn lists_of_different_lengths_are_an_error() {
        let t = two(&[1.0], &[1.0]);
        assert!(add_(&t, &t[..1], 1.0).is_err());
        assert!(norm(&[]).is_err());
    }

    type Step = dyn Fn(&[Tensor], &[Tensor], &[Tensor]) -> Result<(), Error>;

    /// Both fused steps, with one list for both moments of Adam.
    fn with_both_steps(test: impl Fn(&Step)) {
        let with = Adam { lr: 0.1, beta1: 0.9, beta2: 0.99, eps: 1.0, decay: 0.0, decoupled: false };
        test(&|p, g, v| sgd_(p, g, v, 0.0, 0.9, 0.1));
        test(&move |p, g, v| {
            let steps: Vec<Tensor> = p.iter().map(|_| Tensor::from(1.0f32)).collect();
            adam_(p, g, v, &v.iter().map(Tensor::shallow_clone).collect::<Vec<_>>(), &steps, with)
        });
    }

    fn ones(size: &[i64]) -> Tensor {
        Tensor::ones(size, (tch::Kind::Float, tch::Device::Cpu))
    }

    /// Anything but tensors alike would be read and written beyond its end, from safe Rust.
    #[test]
    fn fused_steps_refuse_tensors_that_are_not_alike() {
        let others = [
            (ones(&[4]), "Float [4] strides [1] on Cpu"),
            (ones(&[64, 1000]).tr(), "Float [1000, 64] strides [1, 1000] on Cpu"),
            (ones(&[64, 1000]).to_kind(tch::Kind::Double), "Double [64, 1000] strides [1000, 1] on Cpu"),
            (ones(&[1]).expand([64, 1000], false), "Float [64, 1000] strides [0, 0] on Cpu"),
            (ones(&[64, 1000]).to_sparse_sparse_dim(2), "sparse Float [64, 1000]"),
            (Tensor::new(), "an undefined tensor"),
        ];
        with_both_steps(|step| {
            let whole = || vec![ones(&[2]), ones(&[64, 1000])];
            for (other, found) in &others {
                let p = whole();
                let odd = || vec![ones(&[2]), other.shallow_clone()];
                for (result, is_gradient) in [(step(&p, &odd(), &whole()), true), (step(&p, &whole(), &odd()), false)] {
                    // A gradient is copied where only its layout differs.
                    if is_gradient && other.defined() && !other.is_sparse() && other.size() == [64, 1000] {
                        assert_eq!(result.is_ok(), other.kind() == tch::Kind::Float, "{found}");
                        continue;
                    }
                    let error = result.unwrap_err().to_string();
                    assert!(error.contains(" 1: expected Float [64, 1000] strides [1000, 1] on Cpu"), "{error}");
                    assert!(error.ends_with(&format!("found {found}")), "{error}");
                }
            }
        });
    }

    #[test]
    fn fused_steps_refuse_weights_with_gaps_and_lists_of_other_lengths() {
        with_both_steps(|step| {
            for weight in [ones(&[1]).expand([64], false), ones(&[8, 16]).narrow(1, 0, 8)] {
                let like = || vec![weight.contiguous()];
                let error = step(&[weight.shallow_clone()], &like(), &like()).unwrap_err();
                assert!(matches!(error, Error::Group { list: "gradient", index: 0, .. }), "{error}");
            }
            let two = || vec![ones(&[2]), ones(&[3])];
            for (g, v) in [(two(), vec![ones(&[2])]), (vec![ones(&[2])], two())] {
                assert!(matches!(step(&two(), &g, &v), Err(Error::GroupLength { expected: 2, found: 1, .. })));
            }
        });
    }

    #[test]
    fn steps_of_adam_are_f32_scalars() {
        let with = Adam { lr: 0.1, beta1: 0.9, beta2: 0.99, eps: 1.0, decay: 0.0, decoupled: true };
        let one = || vec![ones(&[3])];
        for step in [Tensor::from(1.0f64), Tensor::from(1i64), ones(&[2]), ones(&[0]), ones(&[1]), Tensor::new()] {
            let error = adam_(&one(), &one(), &one(), &one(), &[step], with).unwrap_err();
            assert!(matches!(error, Error::Group { list: "step", index: 0, .. }), "{error}");
        }
    }

    /// A gradient whose axes are exchanged in memory moves the same weights as one whose are not.
    #[test]
    fn fused_steps_do_not_depend_on_layout() {
        let gradient = Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0]).reshape([2, 3]);
        let exchanged = gradient.transpose(0, 1).contiguous().transpose(0, 1);
        assert_ne!(gradient.stride(), exchanged.stride());
        let zeros = || vec![gradient.zeros_like()];
        let moved = |g: &Tensor, step: &dyn Fn(&[Tensor], &[Tensor])| {
            let p = zeros();
            step(&p, &[g.shallow_clone()]);
            values(&[p[0].reshape([-1])])
        };
        let with = Adam { lr: 0.1, beta1: 0.9, beta2: 0.99, eps: 1.0, decay: 0.0, decoupled: false };
        let sgd = |p: &[Tensor], g: &[Tensor]| sgd_(p, g, &zeros(), 0.0, 0.9, 0.1).unwrap();
        let adam = |p: &[Tensor], g: &[Tensor]| {
            adam_(p, g, &zeros(), &zeros(), &[Tensor::from(1.0f32)], with).unwrap();
        };
        assert_eq!(moved(&gradient, &sgd), moved(&exchanged, &sgd));
        assert_eq!(moved(&gradient, &adam), moved(&exchanged, &adam));
        assert_eq!(moved(&exchanged, &sgd)[0][5], -0.6);
    }

    #[test]
    fn momentum_starts_from_zero_velocity() {
        let (p, v) = (two(&[1.0], &[2.0]), two(&[0.0], &[0.0]));
        let g = two(&[1.0], &[-1.0]);
        sgd_(&p, &g, &v, 0.0, 0.9, 0.1).unwrap();
        sgd_(&p, &g, &v, 0.0, 0.9, 0.1).unwrap();
        // velocity 1, then 1.9
        assert!((p[0].double_value(&[0]) - (1.0 - 0.1 - 0.19)).abs() < 1e-6);
        assert!((v[1].double_value(&[0]) + 1.9).abs() < 1e-6);
    }
}
