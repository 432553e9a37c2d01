//! Whole files of columns, with several threads.
//!
//! Blocks go in waves through three steps that run side by side: one wave is read (and decompressed), the blocks of the
//! wave before are parsed, the rows of the wave before that are added to the table. The order is that of the file for
//! any number of threads.

use std::path::Path;

use rayon::prelude::*;

use super::blocks::Block;
use super::delimited::{Delimited, Place};
use super::input::Input;
use super::line::{Fault, LineParser};
use super::{ReadOptions, ReadReport};
use crate::filter::{Filter, FilterReport};
use crate::{Error, Result, Table};

/// Blocks per wave: three waves stay in the last-level cache.
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
    let format = options.format_of_file(path)?;
    let file = Delimited::new(Input::open(path, options)?, format, options)?;
    let parser = file.parser.clone();
    let mut rows = Collected::new(&file, &options.keep);
    let mut source = Source { file, ended: false };
    let [mut filled, mut parsed, mut spare] = [Wave::new(), Wave::new(), Wave::new()];
    source.fill(&mut filled);
    while filled.len > 0 || parsed.len > 0 {
        let (((), ()), collected) = rayon::join(
            || {
                rayon::join(
                    || source.fill(&mut spare),
                    || {
                        filled.pieces[..filled.len]
                            .par_iter_mut()
                            .with_max_len(1)
                            .for_each(|piece| piece.parse(&parser, filter, &options.keep))
                    },
                )
            },
            || rows.collect(&mut parsed),
        );
        collected?;
        // What was collected has room again.
        std::mem::swap(&mut parsed, &mut spare);
        std::mem::swap(&mut filled, &mut parsed);
    }
    rows.collect(&mut parsed)?;
    rows.collect(&mut filled)?;
    Ok((rows.table, rows.report, rows.filtered))
}

/// Blocks that are filled together and parsed in any order.
struct Wave {
    pieces: Vec<Piece>,
    len: usize,
    /// Why there are no more blocks; rows before it come first.
    failure: Option<Error>,
}

impl Wave {
    fn new() -> Self {
        Self { pieces: (0..WAVE).map(|_| Piece::default()).collect(), len: 0, failure: None }
    }
}

/// A file that is being read.
struct Source {
    file: Delimited,
    ended: bool,
}

impl Source {
    /// Reads blocks, as many as there is room for or are left.
    fn fill(&mut self, wave: &mut Wave) {
        wave.len = 0;
        while !self.ended && wave.len < wave.pieces.len() {
            match self.file.next(&mut wave.pieces[wave.len].block) {
                Ok(true) => {
                    let block = &wave.pieces[wave.len].block;
                    // Nothing follows a line that will be an error, so the rest of it is left unread.
                    self.ended = block.cut && self.file.parser.refuses_cut(block.lines());
                    wave.len += 1;
                }
                Ok(false) => self.ended = true,
                Err(error) => (wave.failure, self.ended) = (Some(error), true),
            }
        }
    }
}

/// Rows in the order of the file.
struct Collected {
    place: Place,
    table: Table,
    report: ReadReport,
    filtered: FilterReport,
}

impl Collected {
    fn new(file: &Delimited, keep: &[String]) -> Self {
        let mut table = Table::with_columns(keep);
        table.reserve(file.blocks.input().size());
        Self { place: file.place.clone(), table, report: file.report, filtered: FilterReport::default() }
    }

    /// Adds the rows of a parsed wave, up to its first fault.
    fn collect(&mut self, wave: &mut Wave) -> Result<()> {
        for piece in &mut wave.pieces[..wave.len] {
            let before = self.report.lines;
            self.report += piece.report;
            if let Some(fault) = piece.fault.take() {
                return Err(self.place.error(self.report.lines, *fault));
            }
            self.table.append_after(&piece.table, before);
            self.filtered += piece.filtered;
        }
        wave.failure.take().map_or(Ok(()), Err)
    }
}

impl Piece {
    /// Parses the lines of the block, up to the first fault, and filters the rows.
    fn parse(&mut self, parser: &LineParser, filter: &Filter, keep: &[String]) {
        self.table.clear();
        if self.table.columns() != keep {
            self.table = Table::with_columns(keep);
        }
        (self.report, self.filtered) = (ReadReport::default(), FilterReport::default());
        self.fault = self.parse_lines(parser, filter).err();
    }

    fn parse_lines(&mut self, parser: &LineParser, filter: &Filter) -> Result<(), Box<Fault>> {
        let Self { block, table, report, filtered, .. } = self;
        if block.cut {
            return parser.parse_cut(block.lines(), report);
        }
        while let Some(line) = block.next_line() {
            table.push_with(|codes, cells| {
                let start = codes.len();
                let label = parser.parse(line, codes, cells, report)?;
                let label = label.filter(|_| filter.keeps(&codes[start..], filtered));
                Ok::<_, Box<Fault>>(label.map(|label| (label, report.lines)))
            })?;
        }
        Ok(())
    }
}
