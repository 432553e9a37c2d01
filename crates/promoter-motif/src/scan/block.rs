//! Sequences side by side, scored a motif at a time.

use promoter_encode::base;

use super::Ambiguous;

/// Bases per look-up.
const WORD: usize = 5;

/// Words of that many bases.
const WORDS: usize = 1 << (2 * WORD);

/// The scores of a matrix's columns, five at a time, for every word of five bases.
#[derive(Debug, Clone)]
pub(super) struct Table {
    columns: Vec<[i32; 4]>,
    words: Vec<[i32; WORDS]>,
}

impl Table {
    pub(super) fn new(columns: Vec<[i32; 4]>) -> Self {
        // Words that reach beyond the last column add nothing for their last bases.
        let score = |some: &[[i32; 4]], word: usize| -> i32 {
            some.iter().enumerate().map(|(i, column)| column[word >> (2 * i) & 3]).sum()
        };
        let words = columns.chunks(WORD).map(|some| std::array::from_fn(|word| score(some, word))).collect();
        Self { columns, words }
    }
}

/// Sequences one after the other.
#[derive(Debug)]
pub(super) struct Block {
    codes: Vec<u8>,
    /// The word of five bases from each position on; the first base is in the lowest bits.
    words: Vec<u16>,
    /// Bases from each position to the end of its sequence or, where other letters are skipped, to the next of them.
    room: Vec<u32>,
    /// Bases to the end of the sequence or to the next other letter, if that differs from `room`.
    known: Option<Vec<u32>>,
    /// Where each row begins.
    starts: Vec<usize>,
}

impl Block {
    /// Rows of base codes.
    pub(super) fn new<R: AsRef<[u8]>>(rows: &[R], ambiguous: Ambiguous) -> Self {
        let mut codes = Vec::new();
        let mut starts = Vec::with_capacity(rows.len());
        for row in rows {
            starts.push(codes.len());
            codes.extend_from_slice(row.as_ref());
        }
        let mut words = vec![0_u16; codes.len() + WORD];
        let mut word = 0;
        for (slot, &code) in words.iter_mut().zip(&codes).rev() {
            word = (word << 2 | usize::from(code & 3)) % WORDS;
            *slot = word as u16;
        }
        let run = |ends_at: &dyn Fn(u8) -> bool| {
            let mut room = vec![0_u32; codes.len()];
            for (&start, end) in starts.iter().zip(starts[1..].iter().copied().chain([codes.len()])) {
                let mut length = 0;
                for position in (start..end).rev() {
                    length = if ends_at(codes[position]) { 0 } else { length + 1 };
                    room[position] = length;
                }
            }
            room
        };
        let known = if starts.is_empty() { Vec::new() } else { run(&|code| code >= base::N) };
        let (room, known) = match ambiguous {
            Ambiguous::Neutral if !starts.is_empty() => (run(&|_| false), Some(known)),
            _ => (known, None),
        };
        Self { codes, words, room, known, starts }
    }

    /// Sites of `width` bases that lie within a sequence.
    pub(super) fn windows(&self, width: usize) -> usize {
        self.room.iter().filter(|&&room| room as usize >= width).count()
    }

    /// Calls `hit` with row, start and score of every site that scores at least `threshold`; `scores` is scratch.
    pub(super) fn find(
        &self,
        table: &Table,
        threshold: i32,
        scores: &mut Vec<i32>,
        mut hit: impl FnMut(usize, usize, i32),
    ) {
        let width = table.columns.len();
        if self.codes.len() < width {
            return;
        }
        scores.clear();
        // Positions past the last whole site are never looked at: their room is too small.
        scores.resize(self.codes.len() + 1 - width, 0);
        for (place, words) in table.words.iter().enumerate() {
            for (score, &word) in scores.iter_mut().zip(&self.words[place * WORD..]) {
                *score += words[usize::from(word) % WORDS];
            }
        }
        if let Some(known) = &self.known {
            for (start, score) in scores.iter_mut().enumerate() {
                if (known[start] as usize) < width {
                    *score = self.letter_by_letter(table, start);
                }
            }
        }
        for (start, (&score, &room)) in scores.iter().zip(&self.room).enumerate() {
            if score >= threshold && room as usize >= width {
                let row = self.starts.partition_point(|&first| first <= start) - 1;
                hit(row, start - self.starts[row], score);
            }
        }
    }

    /// The score of a site that may hold other letters; they add 0.
    fn letter_by_letter(&self, table: &Table, start: usize) -> i32 {
        let site = table.columns.iter().zip(&self.codes[start..]);
        site.filter(|&(_, &code)| code < base::N).map(|(column, &code)| column[usize::from(code)]).sum()
    }
}
