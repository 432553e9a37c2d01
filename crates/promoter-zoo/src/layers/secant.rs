//! Operations that are not linear, and the same with their secants in the place of their derivatives.
//!
//! DeepLIFT explains why a network gives another output for a sequence than for a reference: each operation passes on
//! the difference of its input times the slope between the two, so that what the bases contribute adds up to the
//! difference of the outputs. Within [`paired`] the first half of a batch holds the sequences and the second half their
//! references, and every operation here has that slope as its derivative, the same for both halves:
//! `f(x).detach() + slope * (x - x.detach())`. LibTorch's ordinary backward pass then gives the multipliers. Elsewhere
//! each is LibTorch's operation, and nothing else.
//!
//! | operation | how the difference of its output is shared |
//! |---|---|
//! | of one number | (f(x) - f(x0)) / (x - x0), the derivative where both are nearly the same |
//! | product | x y - x0 y0 = (x - x0) (y + y0) / 2 + (y - y0) (x + x0) / 2 |
//! | softmax | by the logarithmic mean m of p and p0: p - p0 = m (d - sum(m d) / sum(m)), d the logits' differences |
//! | layer norm | square and product as above, 1 / sqrt by its secant |
//! | largest of a window | all to the position of the larger of the two maxima |
//!
//! The softmax could be an exponential, a sum and a product; its shares would then depend on a constant that is added
//! to all logits, which the softmax itself does not depend on.
//!
//! # Source
//! Shrikumar et al. 2017, <https://arxiv.org/abs/1704.02685>, the rescale rule; Lundberg and Lee 2017,
//! <https://arxiv.org/abs/1705.07874>, for several references. The rule of the largest is that of Captum and
//! tangermeme.

use std::cell::Cell;

use tch::{Kind, TchError, Tensor};

type Result<T> = std::result::Result<T, TchError>;

/// Differences below which a smooth function has the derivative between the two points as its slope: rounding would
/// show in the quotient, and a parabola's secant is its derivative half-way.
const NEAR: f64 = 1e-3;
/// The same for functions with a kink, whose quotients have no such rounding.
const NEAR_KINK: f64 = 1e-6;

thread_local! {
    static PAIRED: Cell<bool> = const { Cell::new(false) };
}

/// Runs a forward pass on a batch of sequences and, in its second half, their references: gradients by its input are
/// DeepLIFT's multipliers.
///
/// ```
/// use promoter_torch::Params;
/// use promoter_zoo::{Architecture, Mode, Network, auth_cnn, layers::secant};
/// use tch::{Device, Kind, Tensor};
/// let mut params = Params::new(Device::Cpu, 1);
/// let network = auth_cnn::Config { filters: 8, dense_units: 4, ..auth_cnn::Config::submitted() }.build(&mut params)?;
/// let bases = Tensor::from_slice(&(0..160).map(|i| i * i % 7 % 4).collect::<Vec<i64>>()).view([2, 80]);
/// let x = bases.one_hot(4).to_kind(Kind::Float).set_requires_grad(true);
/// let y = secant::paired(|| network.forward(&x, Mode::Evaluate))?;
/// y.get(0).sum(Kind::Float).backward();
/// let sum = (x.grad().get(0) * (x.get(0) - x.get(1))).sum(Kind::Float);
/// assert!((sum - (y.get(0) - y.get(1))).abs().double_value(&[0]) < 1e-5);
/// # Ok::<(), promoter_zoo::Error>(())
/// ```
pub fn paired<T>(forward: impl FnOnce() -> T) -> T {
    let before = PAIRED.replace(true);
    let result = forward();
    PAIRED.set(before);
    result
}

/// Whether a forward pass is [`paired`].
pub(crate) fn is_paired() -> bool {
    PAIRED.get()
}

/// x where it is positive, 0 elsewhere.
pub(crate) fn relu(x: &Tensor) -> Result<Tensor> {
    through(x, NEAR_KINK, Tensor::f_relu)
}

/// x sigmoid(x).
pub(crate) fn silu(x: &Tensor) -> Result<Tensor> {
    through(x, NEAR, Tensor::f_silu)
}

/// x times the normal distribution's share below x.
pub(crate) fn gelu(x: &Tensor) -> Result<Tensor> {
    through(x, NEAR, |x| x.f_gelu("none"))
}

/// x where it is positive, exp(x) - 1 elsewhere.
pub(crate) fn elu(x: &Tensor) -> Result<Tensor> {
    through(x, NEAR, Tensor::f_elu)
}

/// The logistic function.
pub(crate) fn sigmoid(x: &Tensor) -> Result<Tensor> {
    through(x, NEAR, Tensor::f_sigmoid)
}

/// The hyperbolic tangent.
pub(crate) fn tanh(x: &Tensor) -> Result<Tensor> {
    through(x, NEAR, Tensor::f_tanh)
}

/// The exponential.
pub(crate) fn exp(x: &Tensor) -> Result<Tensor> {
    through(x, NEAR, Tensor::f_exp)
}

/// log(1 + exp(x)).
pub(crate) fn softplus(x: &Tensor) -> Result<Tensor> {
    through(x, NEAR, Tensor::f_softplus)
}

/// Element by element, shapes broadcast.
pub(crate) fn multiply(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    product(a, b, |a, b| a.f_mul(b))
}

/// `x + a * b`, element by element.
pub(crate) fn add_product(x: &Tensor, a: &Tensor, b: &Tensor) -> Result<Tensor> {
    if !is_paired() {
        return x.f_addcmul(a, b);
    }
    x.f_add(&multiply(a, b)?)
}

/// Of matrices that both depend on the input.
pub(crate) fn matmul(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    product(a, b, |a, b| a.f_matmul(b))
}

/// Shares of 1 along an axis.
pub(crate) fn softmax(x: &Tensor, axis: i64, kind: Option<Kind>) -> Result<Tensor> {
    if !is_paired() {
        return x.f_softmax(axis, kind);
    }
    let moves = x.f_sub(&x.f_detach()?)?;
    let logs = x.f_detach()?.f_log_softmax(axis, kind)?;
    let mean = both(&logarithmic_mean(&halves(&logs)?)?)?;
    let of_all = moves.f_mul(&mean)?.f_sum_dim_intlist(&[axis][..], true, None::<Kind>)?;
    let of_all = of_all.f_div(&mean.f_sum_dim_intlist(&[axis][..], true, None::<Kind>)?)?;
    logs.f_exp()?.f_add(&moves.f_sub(&of_all)?.f_mul(&mean)?)
}

/// Normalises the last axis.
pub(crate) fn layer_norm(x: &Tensor, weight: &Tensor, bias: &Tensor, eps: f64) -> Result<Tensor> {
    if !is_paired() {
        return x.f_layer_norm(weight.size(), Some(weight), Some(bias), eps, true);
    }
    let centred = x.f_sub(&x.f_mean_dim(-1, true, None::<Kind>)?)?;
    let variance = multiply(&centred, &centred)?.f_mean_dim(-1, true, None::<Kind>)?.f_add_scalar(eps)?;
    let root = variance.f_detach()?.f_sqrt()?;
    let (a, b) = halves(&root)?;
    let slope = a.f_add(&b)?.f_mul(&a)?.f_mul(&b)?.f_reciprocal()?.f_neg()?;
    let inverse = follow(&variance, &root.f_reciprocal()?, &both(&slope)?)?;
    multiply(&centred, &inverse)?.f_mul(weight)?.f_add(bias)
}

/// Largest of each `width` positions, `stride` apart; with `partial` also of the fewer at the end.
///
/// # Shapes
/// (B, C, 1, L) to (B, C, 1, L').
pub(crate) fn max_pool(x: &Tensor, width: i64, stride: i64, partial: bool) -> Result<Tensor> {
    if !is_paired() {
        return x.f_max_pool2d([1, width], [1, stride], [0, 0], [1, 1], partial);
    }
    let flat = x.f_detach()?;
    let (largest, places) = flat.f_max_pool2d_with_indices([1, width], [1, stride], [0, 0], [1, 1], partial)?;
    let ((a, b), (of_a, of_b)) = (halves(&largest)?, halves(&places)?);
    let at = |places: &Tensor| {
        let chosen = x.f_squeeze_dim(2)?.f_gather(2, &both(places)?.f_squeeze_dim(2)?, false)?.f_unsqueeze(2)?;
        let (from, to) = halves(&chosen.f_detach()?)?;
        Ok::<_, TchError>((chosen, from.f_sub(&to)?))
    };
    // Of two equal maxima it does not matter which position has the difference, 0.
    let places = of_a.f_where_self(&a.f_ge_tensor(&b)?, &of_b)?;
    let (chosen, change) = at(&places)?;
    let slope = a.f_sub(&b)?.f_div(&change)?;
    let slope = slope.f_ones_like()?.f_where_self(&change.f_abs()?.f_lt(NEAR_KINK)?, &slope)?;
    let y = follow(&chosen, &largest, &both(&slope)?)?;
    // Another position that is the sequence's largest and the same in the reference has nothing to share, and the
    // derivative as its slope.
    let (own, change) = at(&of_a)?;
    let idle = change.f_eq(0.0)?.f_logical_and(&of_a.f_ne_tensor(&places)?)?.f_to_kind(x.kind())?;
    follow(&own, &y, &both(&idle)?)
}

/// A function of each number by itself; its secant, or its derivative where the two inputs are less than `near` apart.
fn through(x: &Tensor, near: f64, f: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
    if !is_paired() {
        return f(x);
    }
    let y = f(&x.f_detach()?)?;
    let ((x1, x0), (y1, y0)) = (halves(&x.f_detach()?)?, halves(&y)?);
    let change = x1.f_sub(&x0)?;
    let secant = y1.f_sub(&y0)?.f_div(&change)?;
    let between = x1.f_add(&x0)?.f_mul_scalar(0.5)?.f_set_requires_grad(true)?;
    let sum = f(&between)?.f_sum(None::<Kind>)?;
    let derivative = Tensor::f_run_backward(&[&sum], &[&between], false, false)?.remove(0);
    let slope = derivative.f_where_self(&change.f_abs()?.f_lt(near)?, &secant)?;
    follow(x, &y, &both(&slope)?)
}

/// A function that is linear in each of two factors.
fn product(a: &Tensor, b: &Tensor, f: impl Fn(&Tensor, &Tensor) -> Result<Tensor>) -> Result<Tensor> {
    if !is_paired() {
        return f(a, b);
    }
    let (fixed_a, fixed_b) = (a.f_detach()?, b.f_detach()?);
    let middle = |x: &Tensor| -> Result<Tensor> {
        let (x, x0) = halves(x)?;
        both(&x.f_add(&x0)?.f_mul_scalar(0.5)?)
    };
    let by_a = f(&a.f_sub(&fixed_a)?, &middle(&fixed_b)?)?;
    let by_b = f(&middle(&fixed_a)?, &b.f_sub(&fixed_b)?)?;
    f(&fixed_a, &fixed_b)?.f_add(&by_a)?.f_add(&by_b)
}

/// The value `y`, with the derivative `slope` by `x`.
fn follow(x: &Tensor, y: &Tensor, slope: &Tensor) -> Result<Tensor> {
    x.f_sub(&x.f_detach()?)?.f_mul(slope)?.f_add(y)
}

/// (p - p0) / (log p - log p0) of two tensors of logarithms; p where both are the same.
fn logarithmic_mean((a, b): &(Tensor, Tensor)) -> Result<Tensor> {
    let change = a.f_sub(b)?;
    let quotient = a.f_exp()?.f_sub(&b.f_exp()?)?.f_div(&change)?;
    // sinh(h) / h of half the change.
    let series = change.f_square()?.f_mul_scalar(1.0 / 24.0)?.f_add_scalar(1.0)?;
    let near = a.f_add(b)?.f_mul_scalar(0.5)?.f_exp()?.f_mul(&series)?;
    near.f_where_self(&change.f_abs()?.f_lt(1e-2)?, &quotient)
}

/// What belongs to the sequences, and to the references.
fn halves(x: &Tensor) -> Result<(Tensor, Tensor)> {
    let rows = x.size().first().map_or(0, |&rows| rows);
    if rows % 2 != 0 {
        return Err(TchError::Shape(format!("expected as many sequences as references, found {rows} rows")));
    }
    Ok((x.f_narrow(0, 0, rows / 2)?, x.f_narrow(0, rows / 2, rows / 2)?))
}

/// The same for sequences and references.
fn both(x: &Tensor) -> Result<Tensor> {
    Tensor::f_cat(&[x, x], 0)
}
