//! Blocks of whole lines, so that each can be parsed by itself.

use memchr::{memchr, memrchr};

use super::input::Input;
use crate::Result;

/// Bytes per block, which stay in a core's own cache.
pub(super) const SIZE: usize = 1 << 17;

/// Some whole lines of a file.
#[derive(Default)]
pub(super) struct Block {
    /// Room that is used again and again.
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// The block is the start of one line that is longer than any row may be; the rest of the line is passed over.
    pub(super) cut: bool,
}

impl Block {
    /// The lines that were not passed over.
    pub(super) fn lines(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Passes over the next line and returns it without its line feed; none at the end.
    pub(super) fn next_line(&mut self) -> Option<&[u8]> {
        let (start, end) = (self.start, self.end);
        let lines = &self.bytes[start..end];
        if lines.is_empty() {
            return None;
        }
        let length = memchr(b'\n', lines).unwrap_or(lines.len());
        self.start = (start + length + 1).min(end);
        Some(&self.bytes[start..start + length])
    }

    /// The next `size` bytes of room after the end.
    fn room(&mut self, size: usize) -> &mut [u8] {
        if self.bytes.len() < self.end + size {
            self.bytes.resize(self.end + size, 0);
        }
        &mut self.bytes[self.end..self.end + size]
    }
}

/// Cuts an input into blocks.
pub(super) struct Blocks {
    input: Input,
    carry: Vec<u8>,
    longest: usize,
    first: bool,
    /// The last block was cut, and what is left of its line has not been read.
    in_cut_line: bool,
}

impl Blocks {
    /// Blocks of an input whose lines have up to `longest` bytes.
    pub(super) fn new(input: Input, longest: usize) -> Self {
        Self { input, carry: Vec::new(), longest: longest.max(SIZE), first: true, in_cut_line: false }
    }

    /// What is read.
    pub(super) fn input(&self) -> &Input {
        &self.input
    }

    /// Replaces `block` by the next one; false at the end.
    pub(super) fn next(&mut self, block: &mut Block) -> Result<bool> {
        (block.start, block.end, block.cut) = (0, 0, false);
        if std::mem::take(&mut self.in_cut_line) {
            self.skip_line()?;
        }
        block.room(self.carry.len()).copy_from_slice(&self.carry);
        block.end = self.carry.len();
        self.carry.clear();
        let mut wanted = SIZE;
        loop {
            let read = self.input.fill(block.room(wanted))?;
            let new = block.end;
            block.end += read;
            if std::mem::take(&mut self.first) && block.lines().starts_with(b"\xef\xbb\xbf") {
                block.start = 3;
            }
            if read < wanted {
                return Ok(block.start < block.end);
            }
            // What was carried has no line feed, so only the new bytes need a look.
            if let Some(last) = memrchr(b'\n', &block.bytes[new..block.end]) {
                self.carry.extend_from_slice(&block.bytes[new + last + 1..block.end]);
                block.end = new + last + 1;
                return Ok(true);
            }
            if block.end > self.longest {
                // The rest may be endless: it is read only by those who want what follows.
                (block.cut, self.in_cut_line) = (true, true);
                return Ok(true);
            }
            wanted = self.longest + 1 - block.end;
        }
    }

    /// Passes over the rest of a line and carries what follows.
    fn skip_line(&mut self) -> Result<()> {
        loop {
            self.carry.resize(SIZE, 0);
            let read = self.input.fill(&mut self.carry)?;
            self.carry.truncate(read);
            if let Some(end) = memchr(b'\n', &self.carry) {
                self.carry.drain(..=end);
                return Ok(());
            }
            self.carry.clear();
            if read < SIZE {
                return Ok(());
            }
        }
    }
}
