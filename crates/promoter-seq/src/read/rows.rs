//! Rows one by one, in constant memory.

use std::io::Read;
use std::path::Path;

use super::blocks::Block;
use super::delimited::Delimited;
use super::fastx::Fastx;
use super::input::Input;
use super::regions::Regions;
use super::{Format, ReadOptions, ReadReport};
use crate::{Bed, Error, Genome, Result, Table};

/// A row of a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Record {
    /// Name of the sequence in FASTA and FASTQ, up to the first space; empty in other files.
    pub name: Vec<u8>,
    /// Base codes.
    pub codes: Vec<u8>,
    /// Label, in sorting bins for the challenge's files; NaN where there is none.
    pub label: f32,
    /// Line that the row starts in, from 1.
    pub line: u64,
    /// Columns of text that are kept, in the order of [`ReadOptions::keep`].
    pub cells: Vec<String>,
}

/// Rows of a file or stream, one by one and in constant memory.
///
/// ```
/// use promoter_seq::read::{Columns, Format, ReadOptions, Rows};
/// let options = ReadOptions { format: Some(Format::Fasta), ..ReadOptions::default() };
/// let mut rows = Rows::new(&b">one first promoter\nACGT\nAC\n>two\nTT\n"[..], "stdin", &options)?;
/// let first = rows.next().transpose()?.unwrap();
/// assert_eq!((first.name.as_slice(), first.codes.as_slice()), (&b"one"[..], &[0, 1, 2, 3, 0, 1][..]));
/// assert_eq!(rows.count(), 1);
/// # Ok::<(), promoter_seq::Error>(())
/// ```
pub struct Rows {
    source: Source,
    keep: Vec<String>,
    report: ReadReport,
    failed: bool,
    /// Rows that are read yet at most.
    left: u64,
}

enum Source {
    Delimited(Box<Delimited>, Block),
    Fastx(Fastx),
    Regions(Box<Regions>),
}

impl Rows {
    /// Rows of a file.
    ///
    /// # Errors
    /// When the file cannot be opened, is not a file of its kind, or its header lacks a column.
    pub fn open(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self> {
        let path = path.as_ref();
        let format = options.format_of_file(path)?;
        Self::begin(Input::open(path, options)?, format, options)
    }

    /// Rows of a stream that is called `name` in errors. Its compression is told by its first bytes; its format by the
    /// extension of `name`, if the options give none.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn new(reader: impl Read + Send + 'static, name: impl AsRef<Path>, options: &ReadOptions) -> Result<Self> {
        let name = name.as_ref();
        let format = options.format_of(name)?;
        Self::begin(Input::new(reader, name, options.compression)?, format, options)
    }

    /// The regions of a genome as rows, from their strands; with `width` that many bases around the middle of each, N
    /// for those beyond the chromosome. Their names are those of the BED file, or where they are. Columns that may be
    /// kept are `chrom`, `start`, `end`, `name`, `score` and `strand`.
    ///
    /// # Errors
    /// [`Error::Setting`] for another column, or a width of no bases or more than [`Genome::LONGEST`].
    ///
    /// ```
    /// use promoter_seq::read::Rows;
    /// use promoter_seq::{Bed, Genome};
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("genome.fa");
    /// # std::fs::write(&path, ">chrI\nAACCGT\n").unwrap();
    /// let bed = Bed::new(&b"chrI\t0\t3\tYFG1\t.\t-\n"[..], "peaks.bed")?;
    /// let mut rows = Rows::regions(bed, Genome::open(&path)?, None, &["name".into()])?;
    /// let table = rows.table()?;
    /// assert_eq!(table.codes(0), [2, 3, 3]);
    /// assert_eq!(table.cells(0).collect::<Vec<_>>(), ["YFG1"]);
    /// # Ok::<(), promoter_seq::Error>(())
    /// ```
    pub fn regions(bed: Bed, genome: Genome, width: Option<u64>, keep: &[String]) -> Result<Self> {
        let source = Source::Regions(Box::new(Regions::new(bed, genome, width, keep)?));
        Ok(Self { source, keep: keep.to_vec(), report: ReadReport::default(), failed: false, left: u64::MAX })
    }

    fn begin(input: Input, format: Format, options: &ReadOptions) -> Result<Self> {
        let (source, report) = match format {
            Format::Tsv | Format::Csv => {
                let file = Delimited::new(input, format, options)?;
                let report = file.report;
                (Source::Delimited(Box::new(file), Block::default()), report)
            }
            Format::Fasta | Format::Fastq => {
                (Source::Fastx(Fastx::new(input, format, options)?), ReadReport::default())
            }
        };
        Ok(Self { source, keep: options.keep.clone(), report, failed: false, left: u64::MAX })
    }

    /// Reads the next row into `record`; false at the end.
    ///
    /// # Errors
    /// When a line is not what it should be or the input cannot be read on. No row follows an error.
    pub fn read(&mut self, record: &mut Record) -> Result<bool> {
        if self.failed || self.left == 0 {
            return Ok(false);
        }
        let read = match &mut self.source {
            Source::Delimited(file, block) => read_line(file, block, &mut self.report, record),
            Source::Fastx(file) => file.read(&mut self.report, record),
            Source::Regions(regions) => regions.read(&mut self.report, record),
        };
        self.failed = read.is_err();
        self.left -= u64::from(matches!(read, Ok(true)));
        read
    }

    /// Leaves out all rows but these of those that come; rows before them are read nevertheless, and are in the report.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub fn restrict(&mut self, rows: std::ops::Range<u64>) -> Result<(), Error> {
        let mut record = Record::default();
        for _ in 0..rows.start {
            if !self.read(&mut record)? {
                break;
            }
        }
        self.left = rows.end.saturating_sub(rows.start);
        Ok(())
    }

    /// Replaces the rows of `table` by the next `rows` ones, fewer at the end, and returns their number.
    ///
    /// # Errors
    /// As for [`read`](Self::read); the table then holds the rows before the error.
    pub fn batch(&mut self, rows: usize, table: &mut Table) -> Result<usize> {
        table.clear();
        if table.columns() != self.keep {
            *table = Table::with_columns(&self.keep);
        }
        let mut record = Record::default();
        while table.len() < rows && self.read(&mut record)? {
            table.push_row(&record.codes, record.label, record.line, &record.cells);
        }
        Ok(table.len())
    }

    /// All rows that are left.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub fn table(&mut self) -> Result<Table> {
        let mut table = Table::default();
        self.batch(usize::MAX, &mut table)?;
        Ok(table)
    }

    /// Names of the columns of text that come with each row.
    pub fn keep(&self) -> &[String] {
        &self.keep
    }

    /// What was met so far.
    pub fn report(&self) -> &ReadReport {
        &self.report
    }
}

impl Iterator for Rows {
    type Item = Result<Record, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut record = Record::default();
        self.read(&mut record).map(|read| read.then_some(record)).transpose()
    }
}

fn read_line(file: &mut Delimited, block: &mut Block, report: &mut ReadReport, record: &mut Record) -> Result<bool> {
    record.name.clear();
    record.codes.clear();
    loop {
        if block.cut {
            let fault = file.parser.parse_cut(block.lines(), report);
            fault.map_err(|fault| file.place.error(report.lines, *fault))?;
            *block = Block::default();
        }
        while let Some(line) = block.next_line() {
            let label = file.parser.parse(line, &mut record.codes, &mut record.cells, report);
            if let Some(label) = label.map_err(|fault| file.place.error(report.lines, *fault))? {
                (record.label, record.line) = (label, report.lines);
                return Ok(true);
            }
        }
        if !file.next(block)? {
            return Ok(false);
        }
    }
}
