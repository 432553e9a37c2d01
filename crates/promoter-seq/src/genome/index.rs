//! Where the chromosomes of a FASTA file lie.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use memchr::memchr;

use crate::read::Lines;
use crate::{Error, Result};

/// Where a chromosome lies in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Chromosome {
    pub(super) bases: u64,
    /// Byte of its first base.
    offset: u64,
    /// Bases of a line but the last.
    line_bases: u64,
    /// Bytes of such a line, with its end.
    line_bytes: u64,
}

/// Chromosomes by their names.
type Chromosomes = BTreeMap<String, Chromosome>;

/// Bytes that a name, or a line of an index, may have.
const LONGEST: usize = 1 << 12;

impl Chromosome {
    /// The byte of a base, from 0.
    pub(super) fn byte(&self, base: u64) -> u64 {
        let line = self.line_bases.max(1);
        self.offset + base / line * self.line_bytes + base % line
    }
}

/// The chromosomes of an open genome: those of its index, or those that are found in it.
pub(super) fn of(path: &Path, file: &mut File) -> Result<Chromosomes> {
    let failed = |source| Error::Io { action: "read", path: path.to_owned(), source };
    let mut start = Vec::new();
    file.take(4).read_to_end(&mut start).map_err(failed)?;
    if start.starts_with(&[0x1f, 0x8b]) || start.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        return Err(Error::CompressedGenome { path: path.to_owned() });
    }
    let fai = fai(path);
    match fai.metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => scan(path, file),
        _ => {
            let chromosomes = read(&fai)?;
            check(path, file, &chromosomes)?;
            Ok(chromosomes)
        }
    }
}

/// The index of a genome.
fn fai(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".fai");
    name.into()
}

/// Reads an index: name, bases, offset, bases and bytes of a line.
fn read(path: &Path) -> Result<Chromosomes> {
    let mut chromosomes = Chromosomes::new();
    for line in Lines::open(path, LONGEST)? {
        let (number, line) = line?;
        let fields: Vec<&str> = line.split('\t').collect();
        let fault = |column, expected: &str, found: &str| Error::Line {
            path: path.to_owned(),
            line: number,
            column,
            expected: expected.into(),
            found: format!("`{}`", found.escape_debug()),
        };
        let [name, numbers @ ..] = &fields[..] else { continue };
        let numbers: Vec<u64> = numbers.iter().map_while(|field| field.parse().ok()).collect();
        let [bases, offset, line_bases, line_bytes] = numbers[..] else {
            return Err(fault(1, "a name and four numbers separated by tabs, as `samtools faidx` writes them", &line));
        };
        // Offsets that no file has would overflow.
        let large = [bases, offset, line_bases, line_bytes].iter().any(|&number| number > 1 << 48);
        if large || line_bytes < line_bases || (line_bases == 0 && bases > 0) || line_bytes > line_bases + 2 {
            return Err(fault(1, "lines of at least one base, and one or two bytes more", &line));
        }
        let chromosome = Chromosome { bases, offset, line_bases, line_bytes };
        if chromosomes.insert((*name).to_owned(), chromosome).is_some() {
            return Err(fault(1, "a name that is not used twice", name));
        }
    }
    Ok(chromosomes)
}

/// Checks that every chromosome of an index begins after a line with its name, and ends within the file.
fn check(path: &Path, file: &mut File, chromosomes: &Chromosomes) -> Result<()> {
    let failed = |source| Error::Io { action: "read", path: path.to_owned(), source };
    let size = file.metadata().map_err(failed)?.len();
    for (name, place) in chromosomes {
        // A longer description is not looked at.
        let start = place.offset.saturating_sub(2 * LONGEST as u64);
        let mut before = Vec::new();
        file.seek(SeekFrom::Start(start)).map_err(failed)?;
        (&mut *file).take(place.offset - start).read_to_end(&mut before).map_err(failed)?;
        let header = before.strip_suffix(b"\n").map(|text| text.rsplit(|&byte| byte == b'\n').next().unwrap_or(text));
        let known = header.is_some_and(|header| {
            (header.len() >= 2 * LONGEST - 1) || header.strip_prefix(b">").is_some_and(|rest| first_word(rest) == *name)
        });
        if !known || (place.bases > 0 && place.byte(place.bases - 1) >= size) {
            return Err(Error::Index { path: path.to_owned(), chromosome: name.clone() });
        }
    }
    Ok(())
}

/// The name at the start of a header.
fn first_word(header: &[u8]) -> String {
    let end = header.iter().position(u8::is_ascii_whitespace).unwrap_or(header.len());
    String::from_utf8_lossy(&header[..end]).into_owned()
}

/// Reads a genome through and notes where its chromosomes lie. A line may be as long as a chromosome.
fn scan(path: &Path, file: &mut File) -> Result<Chromosomes> {
    let failed = |source| Error::Io { action: "read", path: path.to_owned(), source };
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    let mut scan = Scan { path: path.to_owned(), line: 1, ..Scan::default() };
    let mut room = vec![0; 1 << 17];
    loop {
        let read = match file.read(&mut room) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(failed(error)),
        };
        let mut bytes = &room[..read];
        while !bytes.is_empty() {
            let end = memchr(b'\n', bytes);
            let (piece, rest) = bytes.split_at(end.map_or(bytes.len(), |end| end + 1));
            scan.piece(piece)?;
            bytes = rest;
        }
    }
    if scan.bytes > 0 {
        scan.end_line(0)?;
    }
    scan.end_chromosome()?;
    Ok(scan.chromosomes)
}

/// A genome as far as it has been read.
#[derive(Default)]
struct Scan {
    path: PathBuf,
    chromosomes: Chromosomes,
    /// The chromosome at hand.
    current: Option<(String, Chromosome)>,
    /// The line at hand: its number, its bytes so far, the start of it if it is a header, whether it ends in CR.
    line: u64,
    bytes: u64,
    header: Option<Vec<u8>>,
    carriage_return: bool,
    /// Bytes of the whole lines before.
    offset: u64,
    /// The last line of the chromosome at hand was shorter than its first.
    ended: bool,
}

impl Scan {
    /// Takes a piece of a line, up to its end if that is in it.
    fn piece(&mut self, piece: &[u8]) -> Result<()> {
        if self.bytes == 0 && piece[0] == b'>' {
            self.header = Some(Vec::new());
        }
        let text = piece.strip_suffix(b"\n").unwrap_or(piece);
        if let Some(header) = &mut self.header {
            let room = LONGEST - header.len().min(LONGEST);
            header.extend_from_slice(&text[..text.len().min(room)]);
        }
        self.bytes += text.len() as u64;
        if let Some(&last) = text.last() {
            self.carriage_return = last == b'\r';
        }
        if text.len() < piece.len() { self.end_line(1) } else { Ok(()) }
    }

    /// The line at hand is whole; `end` bytes of a line feed follow it.
    fn end_line(&mut self, end: u64) -> Result<()> {
        let bases = self.bytes - u64::from(self.carriage_return);
        let whole = self.bytes + end;
        match self.header.take() {
            Some(header) => {
                self.end_chromosome()?;
                let chromosome = Chromosome { offset: self.offset + whole, ..Chromosome::default() };
                self.current = Some((first_word(&header[1..]), chromosome));
                self.ended = false;
            }
            None => self.add(bases, whole)?,
        }
        (self.offset, self.line) = (self.offset + whole, self.line + 1);
        (self.bytes, self.carriage_return) = (0, false);
        Ok(())
    }

    /// Adds a line of bases to the chromosome at hand.
    fn add(&mut self, bases: u64, whole: u64) -> Result<()> {
        let Some((_, chromosome)) = &mut self.current else {
            return if bases == 0 { Ok(()) } else { Err(self.fault("`>` and the name of a chromosome", "bases")) };
        };
        if chromosome.bases == 0 && bases > 0 && !self.ended {
            (chromosome.line_bases, chromosome.line_bytes) = (bases, whole);
        }
        if bases > 0 && (self.ended || bases > chromosome.line_bases) {
            let expected = "lines of one length in each chromosome, but for the last";
            return Err(self.fault(expected, "a longer line, or one after the last"));
        }
        chromosome.bases += bases;
        self.ended = self.ended || bases < chromosome.line_bases || whole != chromosome.line_bytes || bases == 0;
        Ok(())
    }

    fn end_chromosome(&mut self) -> Result<()> {
        let Some((name, chromosome)) = self.current.take() else { return Ok(()) };
        if self.chromosomes.contains_key(&name) {
            return Err(self.fault("names that differ", &format!("a second chromosome `{}`", name.escape_debug())));
        }
        self.chromosomes.insert(name, chromosome);
        Ok(())
    }

    fn fault(&self, expected: &str, found: &str) -> Error {
        Error::Line {
            path: self.path.clone(),
            line: self.line,
            column: 1,
            expected: expected.into(),
            found: found.into(),
        }
    }
}
