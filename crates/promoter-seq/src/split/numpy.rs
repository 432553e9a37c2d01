//! The permutation that numpy's legacy generator gives, on which scikit-learn's splits stand.

/// `numpy.random.RandomState(seed).permutation(n)`.
///
/// Fisher and Yates from the end; each index is drawn by masking 32 random bits and drawing again while it is too
/// large.
pub(super) fn permutation(n: u32, seed: u32) -> Vec<u32> {
    let mut generator = MersenneTwister::new(seed);
    let mut order: Vec<u32> = (0..n).collect();
    for last in (1..n).rev() {
        let mask = u32::MAX >> last.leading_zeros();
        let index = loop {
            let draw = generator.next() & mask;
            if draw <= last {
                break draw;
            }
        };
        order.swap(last as usize, index as usize);
    }
    order
}

const SIZE: usize = 624;
const SHIFT: usize = 397;

/// MT19937.
///
/// # Source
/// Matsumoto and Nishimura, ACM Transactions on Modeling and Computer Simulation 8 (1998) 3.
struct MersenneTwister {
    state: [u32; SIZE],
    next: usize,
}

impl MersenneTwister {
    fn new(seed: u32) -> Self {
        let mut state = [seed; SIZE];
        for i in 1..SIZE {
            let before = state[i - 1];
            state[i] = 1_812_433_253_u32.wrapping_mul(before ^ (before >> 30)).wrapping_add(i as u32);
        }
        Self { state, next: SIZE }
    }

    fn next(&mut self) -> u32 {
        if self.next == SIZE {
            self.twist();
            self.next = 0;
        }
        let mut bits = self.state[self.next];
        self.next += 1;
        bits ^= bits >> 11;
        bits ^= (bits << 7) & 0x9d2c_5680;
        bits ^= (bits << 15) & 0xefc6_0000;
        bits ^ (bits >> 18)
    }

    fn twist(&mut self) {
        for i in 0..SIZE {
            let joined = (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % SIZE] & 0x7fff_ffff);
            let odd = if joined & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[i] = self.state[(i + SHIFT) % SIZE] ^ (joined >> 1) ^ odd;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousandth_number_of_the_reference_generator() {
        let mut generator = MersenneTwister::new(5489);
        assert_eq!((0..10_000).map(|_| generator.next()).last(), Some(4_123_659_995));
    }

    #[test]
    fn short_permutations_are_whole() {
        assert!(permutation(0, 1).is_empty());
        assert_eq!(permutation(1, 1), [0]);
        let mut order = permutation(1000, 1);
        order.sort_unstable();
        assert!(order.into_iter().eq(0..1000));
    }
}
