//! Whole files of columns, with several threads.
//!
//! Blocks are read (and decompressed) in waves. While the blocks of one wave are parsed, one thread puts the rows of the
//! wave before at the end of the table and fills it anew. The order is that of the file for any number of threads.

use std::path::Path;

use rayon::prelude::*;

use super::blocks::Block;
use super::delimited::Delimited;
use super::input::Input;
use super::line::{Fault, LineParser};
use super::{ReadOptions, ReadReport};
use crate::filter::{Filter, FilterReport};
use crate::{Error, Result, Table};

/// Blocks per wave: a few megabytes, which stay in the last-level cache.
const WAVE: usize = 16;

/// A block and what its lines gave.
#[derive(Default)]
struct Piece {
    block: Block,
    table: Table,
    report: ReadReport,
    filtered: FilterReport,
    fault: Option<Box<Fault>>,
}

/// Reads a file of columns and applies the rules of `filter` that look at one sequence by itself.
pub(super) fn read(path: &Path, options: &ReadOptions, filter: &Filter) -> Result<(Table, ReadReport, FilterReport)> {
    let format = options.format_of(path)?;
    let file = Delimited::new(Input::open(path, options)?, format, options)?;
    let parser = file.parser;
    let mut reader = Reader::new(file);
    let (mut current, mut other) = (Wave::new(), Wave::new());
    reader.fill(&mut current);
    while current.filled > 0 {
        let (collected, ()) = rayon::join(
            || reader.collect(&mut other).map(|()| reader.fill(&mut other)),
            || current.pieces[..current.filled].par_iter_mut().for_each(|piece| piece.parse(&parser, filter)),
        );
        collected?;
        std::mem::swap(&mut current, &mut other);
    }
    reader.collect(&mut other)?;
    reader.collect(&mut current)?;
    Ok((reader.table, reader.report, reader.filtered))
}

/// Blocks that are filled together and parsed in any order.
struct Wave {
    pieces: Vec<Piece>,
    filled: usize,
    /// Why there are no more blocks; rows before it come first.
    failure: Option<Error>,
}

impl Wave {
    fn new() -> Self {
        Self { pieces: (0..WAVE).map(|_| Piece::default()).collect(), filled: 0, failure: None }
    }
}

/// A file and what was read of it.
struct Reader {
    file: Delimited,
    ended: bool,
    table: Table,
    report: ReadReport,
    filtered: FilterReport,
}

impl Reader {
    fn new(file: Delimited) -> Self {
        let mut table = Table::default();
        table.reserve(file.blocks.input().size());
        Self { table, report: file.report, filtered: FilterReport::default(), file, ended: false }
    }

    /// Reads blocks, as many as there is room for or are left.
    fn fill(&mut self, wave: &mut Wave) {
        wave.filled = 0;
        while !self.ended && wave.filled < wave.pieces.len() {
            match self.file.next(&mut wave.pieces[wave.filled].block) {
                Ok(true) => wave.filled += 1,
                Ok(false) => self.ended = true,
                Err(error) => (wave.failure, self.ended) = (Some(error), true),
            }
        }
    }

    /// Adds the rows of a parsed wave, up to its first fault.
    fn collect(&mut self, wave: &mut Wave) -> Result<()> {
        for piece in &mut wave.pieces[..wave.filled] {
            self.report += piece.report;
            if let Some(fault) = piece.fault.take() {
                return Err(self.file.error(self.report.lines, *fault));
            }
            self.table.append(&piece.table);
            self.filtered += piece.filtered;
        }
        wave.failure.take().map_or(Ok(()), Err)
    }
}

impl Piece {
    /// Parses the lines of the block, up to the first fault, and filters its rows while they are in the cache.
    fn parse(&mut self, parser: &LineParser, filter: &Filter) {
        self.table.clear();
        self.report = ReadReport::default();
        self.fault = self.parse_lines(parser).err();
        self.filtered = FilterReport::default();
        filter.apply_to_sequences(&mut self.table, &mut self.filtered);
    }

    fn parse_lines(&mut self, parser: &LineParser) -> Result<(), Box<Fault>> {
        let Self { block, table, report, .. } = self;
        if block.cut {
            return parser.parse_cut(block.lines(), report);
        }
        while let Some(line) = block.next_line() {
            table.push_with(|codes| parser.parse(line, codes, report))?;
        }
        Ok(())
    }
}
