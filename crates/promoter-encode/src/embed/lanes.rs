//! Rows of `f32` in chunks that fill the widest registers, and their products, summed in one order everywhere.

/// Lanes of a sum, and what rows are padded to.
pub(super) const LANES: usize = 16;

/// A padded row, or several.
pub(super) type Row = [[f32; LANES]];

/// Sum of the products of two rows.
#[inline(always)]
pub(super) fn dot(a: &Row, b: &Row) -> f32 {
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    // Without the barrier the compiler lets the narrow sum below decide the width of the loop above.
    let mut sums = std::hint::black_box(sums);
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            sums[lane] += sums[lane + width];
        }
        width /= 2;
    }
    sums[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dot_is_the_sum_of_products() {
        let row = |step: f32| -> Vec<[f32; LANES]> {
            (0..3).map(|i| std::array::from_fn(|lane| (i * LANES + lane) as f32 * step)).collect()
        };
        assert_eq!(dot(&row(1.0), &row(2.0)), (0..48).map(|i| 2 * i * i).sum::<i32>() as f32);
    }
}
