//! The numbers of glibc's `rand`, which Stanford's tool draws its starting values and its order from.

/// Largest number drawn.
pub(super) const RAND_MAX: u32 = 0x7fff_ffff;

/// State of `rand` after `srand`: an additive feedback generator over the last 31 numbers.
pub(super) struct Rand {
    last: [u32; 31],
    next: usize,
}

impl Rand {
    /// As after `srand(seed)`.
    pub(super) fn new(seed: u32) -> Self {
        let mut last = [0u32; 31];
        last[0] = seed.max(1);
        for i in 1..31 {
            // The product is taken of the number as a signed one, and the remainder made positive.
            let product = i64::from(last[i - 1] as i32) * 16_807;
            last[i] = (product % i64::from(RAND_MAX)) as i32 as u32;
            if (last[i] as i32) < 0 {
                last[i] = last[i].wrapping_add(RAND_MAX);
            }
        }
        let mut rand = Self { last, next: 3 };
        for _ in 0..310 {
            rand.draw();
        }
        rand
    }

    /// The next number, 0 to [`RAND_MAX`].
    pub(super) fn draw(&mut self) -> u32 {
        // `next` holds the number of 31 draws ago; 3 draws ago is 28 further in the ring.
        let sum = self.last[self.next].wrapping_add(self.last[(self.next + 28) % 31]);
        self.last[self.next] = sum;
        self.next = (self.next + 1) % 31;
        sum >> 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_c_library() {
        let mut rand = Rand::new(1);
        let drawn = [(); 5].map(|()| rand.draw());
        assert_eq!(drawn, [1_804_289_383, 846_930_886, 1_681_692_777, 1_714_636_915, 1_957_747_793]);
    }
}
