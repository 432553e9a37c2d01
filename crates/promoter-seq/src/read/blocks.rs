//! Blocks of whole lines, so that each can be parsed by itself.

use memchr::{memchr, memrchr};

use super::input::Input;
use crate::Result;

/// Bytes per block: a core's share of the second-level cache.
pub(super) const SIZE: usize = 1 << 18;

/// Some whole lines of a file.
#[derive(Default)]
pub(super) struct Block {
    bytes: Vec<u8>,
    start: usize,
    /// The block is the start of one line that is longer than any row may be; the rest of the line is gone.
    pub(super) cut: bool,
}

impl Block {
    /// The lines that were not [`consume`](Self::consume)d.
    pub(super) fn lines(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Passes over the first `bytes` of [`lines`](Self::lines).
    pub(super) fn consume(&mut self, bytes: usize) {
        self.start += bytes;
    }

    /// Passes over the next line and returns it without its line feed; none at the end.
    pub(super) fn next_line(&mut self) -> Option<&[u8]> {
        let start = self.start;
        let rest = &self.bytes[start..];
        if rest.is_empty() {
            return None;
        }
        let length = memchr(b'\n', rest).unwrap_or(rest.len());
        self.start = (start + length + 1).min(self.bytes.len());
        Some(&self.bytes[start..start + length])
    }
}

/// Cuts an input into blocks.
pub(super) struct Blocks {
    input: Input,
    carry: Vec<u8>,
    longest: usize,
    first: bool,
}

impl Blocks {
    /// Blocks of an input whose lines have up to `longest` bytes.
    pub(super) fn new(input: Input, longest: usize) -> Self {
        Self { input, carry: Vec::new(), longest: longest.max(SIZE), first: true }
    }

    /// What is read.
    pub(super) fn input(&self) -> &Input {
        &self.input
    }

    /// Replaces `block` by the next one; false at the end.
    pub(super) fn next(&mut self, block: &mut Block) -> Result<bool> {
        block.bytes.clear();
        block.bytes.append(&mut self.carry);
        (block.start, block.cut) = (0, false);
        let mut wanted = SIZE;
        loop {
            let read = self.input.fill(&mut block.bytes, wanted)?;
            if std::mem::take(&mut self.first) && block.bytes.starts_with(b"\xef\xbb\xbf") {
                block.start = 3;
            }
            if read < wanted {
                return Ok(block.start < block.bytes.len());
            }
            // What was carried has no line feed, so only the new bytes need a look.
            let new = block.bytes.len() - read;
            if let Some(end) = memrchr(b'\n', &block.bytes[new..]) {
                self.carry.extend_from_slice(&block.bytes[new + end + 1..]);
                block.bytes.truncate(new + end + 1);
                return Ok(true);
            }
            if block.bytes.len() > self.longest {
                block.cut = true;
                self.skip_line()?;
                return Ok(true);
            }
            wanted = self.longest + 1 - block.bytes.len().min(self.longest);
        }
    }

    /// Passes over the rest of a line and carries what follows.
    fn skip_line(&mut self) -> Result<()> {
        loop {
            self.carry.clear();
            if self.input.fill(&mut self.carry, SIZE)? == 0 {
                return Ok(());
            }
            if let Some(end) = memchr(b'\n', &self.carry) {
                self.carry.drain(..=end);
                return Ok(());
            }
        }
    }
}
