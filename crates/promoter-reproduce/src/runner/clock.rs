//! How long it will still take.

/// What is left, times how much longer than expected it took so far.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// Keys of what is not finished, and the seconds it is expected to take.
    left: Vec<(String, f64)>,
    expected: f64,
    took: f64,
}

impl Clock {
    /// Adds what is not finished, once.
    pub(super) fn expect(&mut self, key: &str, seconds: f64) {
        if !self.left.iter().any(|(known, _)| known == key) {
            self.left.push((key.to_owned(), seconds));
        }
    }

    /// Seconds left.
    pub(super) fn left(&self) -> f64 {
        let factor = if self.expected > 0.0 { self.took / self.expected } else { 1.0 };
        factor * self.left.iter().map(|(_, seconds)| seconds).sum::<f64>()
    }

    /// Takes what is finished off.
    pub(super) fn done(&mut self, key: &str, took: f64) {
        if let Some(at) = self.left.iter().position(|(known, _)| known == key) {
            self.expected += self.left.remove(at).1;
            self.took += took;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_grows_when_runs_take_longer_and_counts_once() {
        let mut clock = Clock::default();
        for key in ["a", "b", "a"] {
            clock.expect(key, 10.0);
        }
        assert_eq!(clock.left(), 20.0);
        clock.done("a", 15.0);
        assert_eq!(clock.left(), 15.0);
    }
}
