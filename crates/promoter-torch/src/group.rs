//! Arithmetic over many tensors in one call, without gradients: what optimisers are made of.
//!
//! On CUDA each function is a few kernels for all tensors together; on the CPU it saves the calls. Lists that belong
//! together must have the same length and shapes, else LibTorch's error comes back.
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
/// [`Error::Torch`].
pub fn add_(tensors: &[Tensor], other: &[Tensor], alpha: f64) -> Result<(), Error> {
    let (list, other) = pairs(tensors, other)?;
    // SAFETY: pointers to live tensors, lists of one length.
    Ok(check(unsafe { shim::pt_foreach_add(list.as_ptr(), other.as_ptr(), list.len(), alpha) })?)
}

/// `t += weight * (end - t)` for each pair.
///
/// # Errors
/// [`Error::Torch`].
pub fn lerp_(tensors: &[Tensor], end: &[Tensor], weight: f64) -> Result<(), Error> {
    let (list, end) = pairs(tensors, end)?;
    // SAFETY: pointers to live tensors, lists of one length.
    Ok(check(unsafe { shim::pt_foreach_lerp(list.as_ptr(), end.as_ptr(), list.len(), weight) })?)
}

/// `t = source` for each pair.
///
/// # Errors
/// [`Error::Torch`].
pub fn copy_(tensors: &[Tensor], source: &[Tensor]) -> Result<(), Error> {
    let (list, source) = pairs(tensors, source)?;
    // SAFETY: pointers to live tensors, lists of one length.
    Ok(check(unsafe { shim::pt_foreach_copy(list.as_ptr(), source.as_ptr(), list.len()) })?)
}

/// One step of momentum SGD: `v = momentum v + (g + decay p)`, then `p -= lr v`.
///
/// # Errors
/// [`Error::Torch`].
pub fn sgd_(p: &[Tensor], g: &[Tensor], v: &[Tensor], decay: f64, momentum: f64, lr: f64) -> Result<(), Error> {
    let g = as_they_lie(p, g)?;
    let ((p, g), (_, v)) = (pairs(p, &g)?, pairs(p, v)?);
    // SAFETY: pointers to live tensors, lists of one length.
    Ok(check(unsafe { shim::pt_fused_sgd(p.as_ptr(), g.as_ptr(), v.as_ptr(), p.len(), decay, momentum, lr) })?)
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
/// [`Error::Torch`].
pub fn adam_(
    p: &[Tensor],
    g: &[Tensor],
    m: &[Tensor],
    v: &[Tensor],
    steps: &[Tensor],
    with: Adam,
) -> Result<(), Error> {
    let g = as_they_lie(p, g)?;
    let ((pp, g), (_, m), (_, v), (_, s)) = (pairs(p, &g)?, pairs(p, m)?, pairs(p, v)?, pairs(p, steps)?);
    // SAFETY: pointers to live tensors, lists of one length.
    Ok(check(unsafe {
        shim::pt_fused_adam(
            pp.as_ptr(),
            g.as_ptr(),
            m.as_ptr(),
            v.as_ptr(),
            s.as_ptr(),
            pp.len(),
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
fn as_they_lie(parameters: &[Tensor], gradients: &[Tensor]) -> Result<Vec<Tensor>, Error> {
    let _guard = tch::no_grad_guard();
    let alike = |(p, g): (&Tensor, &Tensor)| -> Result<Tensor, Error> {
        match p.stride() == g.stride() {
            true => Ok(g.shallow_clone()),
            false => {
                let mut copy = p.f_empty_like()?;
                copy.f_copy_(g)?;
                Ok(copy)
            }
        }
    };
    let pairs = parameters.iter().zip(gradients).map(alike);
    pairs.chain(gradients.iter().skip(parameters.len()).map(|g| Ok(g.shallow_clone()))).collect()
}

type Pointers = Vec<*mut torch_sys::C_tensor>;

fn pairs(a: &[Tensor], b: &[Tensor]) -> Result<(Pointers, Pointers), Error> {
    if a.len() != b.len() {
        let text = format!("grouped arithmetic on {} tensors and {} others", a.len(), b.len());
        return Err(Error::Torch(tch::TchError::Shape(text)));
    }
    Ok((pointers(a), pointers(b)))
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
