//! A motif as letters.

use promoter_encode::base;

use super::Motif;

impl Motif {
    /// The motif as IUPAC letters. A base stands alone where it is more frequent than all others together and more
    /// than twice as frequent as the next; else two bases share a letter if they make up more than three quarters;
    /// else three if the fourth never occurs; else the letter is `N`.
    ///
    /// # Source
    /// Cavener, Nucleic Acids Research 1987.
    ///
    /// ```
    /// use promoter_motif::Motif;
    /// assert_eq!(Motif::from_consensus("any", "ACGTRYSWKMBDHVN")?.consensus(), "ACGTRYSWKMBDHVN");
    /// # Ok::<(), promoter_motif::Error>(())
    /// ```
    pub fn consensus(&self) -> String {
        self.counts().iter().map(|&column| letter(column)).collect()
    }
}

fn letter(column: [f64; 4]) -> char {
    let mut order = [0, 1, 2, 3];
    order.sort_by(|&a: &usize, &b| column[b].total_cmp(&column[a])); // stable: A before C before G before T
    let [first, second, third, fourth] = order.map(|base| column[base]);
    let sum = first + second + third + fourth;
    let bases = if first > 0.5 * sum && first > 2.0 * second {
        1
    } else if first + second > 0.75 * sum {
        2
    } else if fourth == 0.0 {
        3
    } else {
        4
    };
    let set = order[..bases].iter().fold(0, |set, base| set | 1 << base);
    let code = base::POSSIBLE.iter().position(|&possible| possible == set).unwrap_or(usize::from(base::N));
    char::from(base::to_ascii(code as u8))
}

#[cfg(test)]
mod tests {
    use super::letter;

    #[test]
    fn letters_follow_the_rules_of_the_source() {
        for (column, expected) in [
            ([6.0, 2.0, 1.0, 1.0], 'A'),
            ([6.0, 3.0, 1.0, 0.0], 'M'), // not twice the next
            ([5.0, 2.0, 2.0, 1.0], 'N'), // not more than half
            ([5.0, 2.0, 3.0, 0.0], 'R'),
            ([4.0, 3.0, 3.0, 0.0], 'V'),
        ] {
            assert_eq!(letter(column), expected, "{column:?}");
        }
    }
}
