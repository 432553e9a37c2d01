//! Vectors on a plane, to look at what was learnt.

use super::Vectors;

/// Sweeps of Jacobi's method; it converges quadratically and is long done by then.
const SWEEPS: usize = 30;

/// Two coordinates per word: the first two principal components of the vectors.
///
/// The sign of a component is such that its largest weight is positive. Coordinates of one-dimensional vectors are
/// (x, 0). Time grows with the cube of the dimension.
///
/// ```
/// use promoter_encode::embed::{Vectors, projection};
/// let words = ["A", "C", "G"].map(String::from).to_vec();
/// let points = projection::principal(&Vectors::new(words, 2, vec![0.0, -3.0, 0.0, 0.0, 0.0, 3.0])?);
/// assert_eq!(points, [[-3.0, 0.0], [0.0, 0.0], [3.0, 0.0]]);
/// # Ok::<(), promoter_encode::embed::Error>(())
/// ```
pub fn principal(vectors: &Vectors) -> Vec<[f64; 2]> {
    let dimension = vectors.dimension();
    let rows = vectors.words().len() as f64;
    let mut mean = vec![0.0; dimension];
    for (_, vector) in vectors.iter() {
        for (mean, &x) in mean.iter_mut().zip(vector) {
            *mean += f64::from(x) / rows;
        }
    }
    let centred = |vector: &[f32]| -> Vec<f64> { vector.iter().zip(&mean).map(|(&x, m)| f64::from(x) - m).collect() };
    let mut covariance = vec![vec![0.0; dimension]; dimension];
    for (_, vector) in vectors.iter() {
        let vector = centred(vector);
        for (row, &x) in covariance.iter_mut().zip(&vector) {
            for (cell, &y) in row.iter_mut().zip(&vector) {
                *cell += x * y / rows;
            }
        }
    }
    let (variances, axes) = eigen(covariance);
    let mut order: Vec<usize> = (0..dimension).collect();
    order.sort_by(|&a, &b| variances[b].total_cmp(&variances[a]));
    let along = |vector: &[f64], component: usize| {
        let Some(&axis) = order.get(component) else { return 0.0 };
        let axis = &axes[axis];
        let largest = axis.iter().copied().fold(0.0, |a: f64, b| if b.abs() > a.abs() { b } else { a });
        vector.iter().zip(axis).map(|(x, weight)| x * weight).sum::<f64>() * largest.signum()
    };
    vectors.iter().map(|(_, vector)| centred(vector)).map(|v| [along(&v, 0), along(&v, 1)]).collect()
}

/// Eigenvalues and eigenvectors, one per row, of a symmetric matrix: Jacobi's method.
fn eigen(mut matrix: Vec<Vec<f64>>) -> (Vec<f64>, Vec<Vec<f64>>) {
    let n = matrix.len();
    let mut axes: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    for _ in 0..SWEEPS {
        for p in 0..n {
            for q in p + 1..n {
                let off = matrix[p][q];
                if off == 0.0 || off.abs() < 1e-300 {
                    continue;
                }
                // The rotation that makes the element 0, by the smaller of the two angles.
                let theta = (matrix[q][q] - matrix[p][p]) / (2.0 * off);
                let tangent = theta.signum() / (theta.abs() + theta.hypot(1.0));
                let cosine = 1.0 / tangent.hypot(1.0);
                let sine = tangent * cosine;
                for row in &mut matrix {
                    (row[p], row[q]) = (cosine * row[p] - sine * row[q], sine * row[p] + cosine * row[q]);
                }
                rotate(&mut matrix, p, q, cosine, sine);
                rotate(&mut axes, p, q, cosine, sine);
            }
        }
    }
    ((0..n).map(|i| matrix[i][i]).collect(), axes)
}

fn rotate(rows: &mut [Vec<f64>], p: usize, q: usize, cosine: f64, sine: f64) {
    let (head, tail) = rows.split_at_mut(q);
    for (a, b) in head[p].iter_mut().zip(&mut tail[0]) {
        (*a, *b) = (cosine * *a - sine * *b, sine * *a + cosine * *b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    #[test]
    fn eigenvectors_satisfy_their_equation() {
        let n = 40;
        let mut stream = Stream::new(1, "test", 0);
        let square: Vec<Vec<f64>> = (0..n).map(|_| (0..n).map(|_| stream.normal()).collect()).collect();
        let matrix: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| square[i][j] + square[j][i]).collect()).collect();
        let (values, axes) = eigen(matrix.clone());
        for (value, axis) in values.iter().zip(&axes) {
            assert!((axis.iter().map(|x| x * x).sum::<f64>() - 1.0).abs() < 1e-12);
            for (row, x) in matrix.iter().zip(axis) {
                let product: f64 = row.iter().zip(axis).map(|(m, y)| m * y).sum();
                assert!((product - value * x).abs() < 1e-10, "{product} {value} {x}");
            }
        }
    }
}
