//! Chromosomes of a genome, read window by window.

mod index;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use promoter_encode::base;

use self::index::Chromosome;
use crate::{Error, Result};

/// Chromosomes of a FASTA file, of which windows are read by seeking: memory does not grow with the genome.
///
/// Where they lie is read from the index of `samtools faidx`, the file with `.fai` added to its name, if there is one;
/// else the genome is read through once.
///
/// ```
/// use promoter_seq::Genome;
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("genome.fa");
/// # std::fs::write(&path, ">chrI first\nACGTAC\nGTacgt\nAC\n").unwrap();
/// let mut genome = Genome::open(&path)?;
/// let mut codes = Vec::new();
/// genome.window("chrI", 4..8, &mut codes)?;
/// assert_eq!(codes, [0, 1, 2, 3]);
/// assert_eq!(genome.bases("chrI"), Some(14));
/// # Ok::<(), promoter_seq::Error>(())
/// ```
#[derive(Debug)]
pub struct Genome {
    path: PathBuf,
    file: File,
    chromosomes: BTreeMap<String, Chromosome>,
    /// Room for the bytes of a window, used again and again.
    bytes: Vec<u8>,
}

/// What a window has besides upper-case A, C, G, T and N.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Letters {
    /// Lower-case letters, which are folded: genomes have repeats in lower case.
    pub lower_case: bool,
    /// Ambiguity codes of IUPAC other than `N`, which are kept.
    pub iupac: bool,
}

impl Genome {
    /// Bases of the longest window.
    pub const LONGEST: u64 = 1 << 16;

    /// Opens a genome and finds its chromosomes.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Folder`]; [`Error::CompressedGenome`]; [`Error::Line`] for a file that is not FASTA with
    /// lines of one length, or an index that is damaged; [`Error::Index`] for one of another genome.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let failed = |source| Error::Io { action: "open", path: path.to_owned(), source };
        let mut file = File::open(path).map_err(failed)?;
        if file.metadata().map_err(failed)?.is_dir() {
            return Err(Error::Folder { path: path.to_owned() });
        }
        let chromosomes = index::of(path, &mut file)?;
        Ok(Self { path: path.to_owned(), file, chromosomes, bytes: Vec::new() })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bases of a chromosome; none if it is unknown.
    pub fn bases(&self, chromosome: &str) -> Option<u64> {
        self.chromosomes.get(chromosome).map(|chromosome| chromosome.bases)
    }

    /// The names of the chromosomes, in alphabetical order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.chromosomes.keys().map(String::as_str)
    }

    /// Appends the base codes of a window, from 0, to `codes`.
    ///
    /// # Errors
    /// [`Error::Window`] for a window beyond the chromosome, or longer than [`LONGEST`](Self::LONGEST);
    /// [`Error::Index`] where the index does not fit the file; [`Error::GenomeLetter`], [`Error::Io`].
    pub fn window(&mut self, chromosome: &str, window: Range<u64>, codes: &mut Vec<u8>) -> Result<Letters> {
        let found = self.chromosomes.get(chromosome);
        let fits = |place: &&Chromosome| window.start <= window.end && window.end <= place.bases;
        let Some(place) = found.filter(fits).filter(|_| window.end - window.start <= Self::LONGEST) else {
            let (path, chromosome, bases) = (self.path.clone(), chromosome.to_owned(), found.map(|found| found.bases));
            return Err(Error::Window { path, chromosome, start: window.start, end: window.end, bases });
        };
        let (start, end) = (place.byte(window.start), place.byte(window.end.max(1) - 1) + 1);
        self.bytes.clear();
        if window.start < window.end {
            let read = self
                .file
                .seek(SeekFrom::Start(start))
                .and_then(|_| (&self.file).take(end - start).read_to_end(&mut self.bytes));
            read.map_err(|source| Error::Io { action: "read", path: self.path.clone(), source })?;
        }
        self.bytes.retain(|byte| !matches!(byte, b'\n' | b'\r'));
        if self.bytes.len() as u64 != window.end - window.start {
            return Err(Error::Index { path: self.path.clone(), chromosome: chromosome.to_owned() });
        }
        self.encode(chromosome, window.start, codes)
    }

    /// The codes of the letters that were read.
    fn encode(&self, chromosome: &str, start: u64, codes: &mut Vec<u8>) -> Result<Letters> {
        let mut letters = Letters::default();
        for (letter, position) in self.bytes.iter().copied().zip(start + 1..) {
            let code = base::from_ascii(letter);
            if code == base::INVALID || code == base::PAD {
                let found = letter.escape_ascii().to_string();
                let (path, chromosome) = (self.path.clone(), chromosome.to_owned());
                return Err(Error::GenomeLetter { path, chromosome, position, found });
            }
            letters.lower_case |= letter.is_ascii_lowercase();
            letters.iupac |= code > base::N;
            codes.push(code);
        }
        Ok(letters)
    }
}
