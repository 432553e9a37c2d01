//! Whole files of columns, with several threads.
//!
//! Blocks are read (and decompressed) in waves. While one thread reads the next wave the others parse the current one;
//! tables of its blocks are then put together in the order of the file.

use std::path::Path;

use rayon::prelude::*;

use super::blocks::Block;
use super::delimited::Delimited;
use super::input::Input;
use super::line::{Fault, LineParser};
use super::{ReadOptions, ReadReport};
use crate::{Result, Table};

/// Blocks per wave: a few megabytes, which stay in the last-level cache.
const WAVE: usize = 16;

/// A block and what its lines gave.
#[derive(Default)]
struct Piece {
    block: Block,
    table: Table,
    report: ReadReport,
    fault: Option<Box<Fault>>,
}

/// Reads a file of columns.
pub(super) fn read(path: &Path, options: &ReadOptions) -> Result<(Table, ReadReport)> {
    let format = options.format_of(path)?;
    let mut file = Delimited::new(Input::open(path, options)?, format, options)?;
    let (mut table, mut report) = (Table::default(), file.report);
    let parser = file.parser;
    let mut current = wave();
    let mut next = wave();
    let mut filled = fill(&mut file, &mut current)?;
    while filled > 0 {
        let pieces = &mut current[..filled];
        let (more, ()) =
            rayon::join(|| fill(&mut file, &mut next), || pieces.par_iter_mut().for_each(|piece| piece.parse(&parser)));
        for piece in pieces {
            report += piece.report;
            if let Some(fault) = piece.fault.take() {
                return Err(file.error(report.lines, *fault));
            }
            table.append(&piece.table);
        }
        filled = more?;
        std::mem::swap(&mut current, &mut next);
    }
    Ok((table, report))
}

fn wave() -> Vec<Piece> {
    (0..WAVE).map(|_| Piece::default()).collect()
}

/// Reads the blocks of a wave; their number is below that of the wave at the end of the file only.
fn fill(file: &mut Delimited, wave: &mut [Piece]) -> Result<usize> {
    let mut filled = 0;
    while filled < wave.len() && file.next(&mut wave[filled].block)? {
        filled += 1;
    }
    Ok(filled)
}

impl Piece {
    /// Parses the lines of the block, up to the first fault.
    fn parse(&mut self, parser: &LineParser) {
        self.table.clear();
        self.report = ReadReport::default();
        self.fault = self.parse_lines(parser).err();
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
