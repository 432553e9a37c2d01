//! MEME's text format.
//!
//! # Source
//! <https://meme-suite.org/meme/doc/meme-format.html>: the minimal format, and MEME's own output, of versions 4 and 5.

use std::fmt::Write as _;

use super::MOST_MOTIFS;
use super::lines::{Line, Lines};
use crate::motif::WIDEST;
use crate::{Background, Error, Motif, Result};

/// Sites of a matrix that does not say, as MEME takes it.
const SITES: f64 = 20.0;

/// How far the sum of a row may be from 1: files have as few as two decimals.
const ROUNDING: f64 = 0.02;

/// What the first lines must say.
const VERSION: &str = "`MEME version` 4 or 5";

/// Where the matrix of a motif begins.
const MATRIX: &str = "letter-probability matrix:";

/// Reads motifs from MEME's minimal format or from MEME's own output.
///
/// The word after `MOTIF` is the motif's name; if a second follows, the first is its accession and the second its name
/// (further ones are joined to it with `_`). Only `letter-probability matrix` is read, and what else MEME's output has
/// between motifs is passed over. The background is that of the file, uniform when it gives none. Rows are divided by
/// their sum, which may be off by rounding; `nsites` that is missing or 0 is 20.
///
/// # Errors
/// [`Error::Syntax`] for another version or alphabet, damaged rows, a motif whose matrix is missing, or a text of no
/// motif at all; [`Error::Background`].
///
/// ```
/// use promoter_motif::io::meme;
/// let text = "MEME version 5\n\nALPHABET= ACGT\n\nMOTIF MA0000.1 toy\nletter-probability matrix: w= 1\n0 0.5 0.5 0\n";
/// let motifs = meme::parse(text.as_bytes())?;
/// assert_eq!((motifs[0].name(), motifs[0].consensus().as_str()), ("toy", "S"));
/// # Ok::<(), promoter_motif::Error>(())
/// ```
pub fn parse(text: &[u8]) -> Result<Vec<Motif>> {
    let mut reader = Reader { lines: Lines::new(text), background: Background::UNIFORM, motifs: Vec::new() };
    reader.version()?;
    // The motif whose matrix has not come yet.
    let mut waiting: Option<(Line, Option<String>, String)> = None;
    while let Some(line) = reader.lines.next()? {
        let text = line.text.trim_start();
        if text.starts_with("ALPHABET") {
            reader.alphabet(&line)?;
        } else if text.starts_with("Background letter frequencies") {
            reader.background()?;
        } else if text.split_whitespace().next() == Some("MOTIF") {
            if let Some((header, _, name)) = &waiting {
                return Err(header.wrong(0, format!("`{MATRIX}` for the motif {name} before the next")));
            }
            let (accession, name) = title(&line)?;
            waiting = Some((line, accession, name));
        } else if text.starts_with(MATRIX) {
            let Some((_, accession, name)) = waiting.take() else {
                return Err(line.wrong(0, "`MOTIF` and a name before the matrix"));
            };
            reader.matrix(&line, accession, name)?;
        }
    }
    match waiting {
        Some((_, _, name)) => Err(reader.lines.end(format!("`{MATRIX}` for the motif {name}"))),
        None if reader.motifs.is_empty() => Err(reader.lines.end("`MOTIF` and a matrix")),
        None => Ok(reader.motifs),
    }
}

/// Motifs in the minimal format, frequencies with six decimals as MEME writes them.
///
/// # Errors
/// [`Error::Backgrounds`] when the motifs have different backgrounds: the file holds one.
pub fn to_string(motifs: &[Motif]) -> Result<String> {
    let background = motifs.first().map(Motif::background).unwrap_or_default();
    if let Some(motif) = motifs.iter().find(|motif| motif.background() != background) {
        return Err(Error::Backgrounds { motif: motif.name().to_owned() });
    }
    let [a, c, g, t] = background.frequencies();
    let mut text = format!(
        "MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n\nBackground letter frequencies\nA {a} C {c} G {g} T {t}\n"
    );
    for motif in motifs {
        let accession = motif.accession().map(|accession| format!("{accession} ")).unwrap_or_default();
        let e_value = motif.e_value().map(|e_value| format!(" E= {e_value:e}")).unwrap_or_default();
        // Writing into a string cannot fail.
        let _ = writeln!(text, "\nMOTIF {accession}{}", motif.name());
        let _ = writeln!(text, "{MATRIX} alength= 4 w= {} nsites= {}{e_value}", motif.width(), motif.sites());
        for [a, c, g, t] in motif.probabilities() {
            let _ = writeln!(text, " {a:.6}  {c:.6}  {g:.6}  {t:.6}");
        }
    }
    Ok(text)
}

struct Reader<'a> {
    lines: Lines<'a>,
    background: Background,
    motifs: Vec<Motif>,
}

impl Reader<'_> {
    /// The line that says the version; MEME's own output begins with a title.
    fn version(&mut self) -> Result<()> {
        let mut first = None;
        while let Some(line) = self.lines.next()? {
            if let Some(version) = line.text.trim_start().strip_prefix("MEME version") {
                let known = version.trim_start().starts_with(['4', '5']);
                return if known { Ok(()) } else { Err(line.wrong(0, VERSION)) };
            }
            if first.is_none() && !line.text.trim().is_empty() {
                first = Some(line);
            }
        }
        Err(first.map_or_else(|| self.lines.end(VERSION), |line| line.wrong(0, VERSION)))
    }

    /// `ALPHABET= ACGT`, or a block of letters up to `END ALPHABET` whose core letters are A, C, G and T.
    fn alphabet(&mut self, line: &Line) -> Result<()> {
        const EXPECTED: &str = "the alphabet ACGT";
        let rest = line.text.trim_start().strip_prefix("ALPHABET").unwrap_or_default();
        if let Some(letters) = rest.trim_start().strip_prefix('=') {
            return if letters.trim() == "ACGT" { Ok(()) } else { Err(line.wrong(0, EXPECTED)) };
        }
        let mut core = String::new();
        while let Some(entry) = self.lines.next()? {
            let text = entry.text.trim();
            if text.starts_with("END ALPHABET") {
                return if sorted(&core) == "ACGT" { Ok(()) } else { Err(line.wrong(0, EXPECTED)) };
            }
            // `R = AG` and `N "Any base" = ACGT` are ambiguous letters, `A "Adenine" CC0000 ~ T "Thymine" 008000` two
            // core letters; what is quoted may hold anything.
            let bare: String = text.split('"').step_by(2).collect();
            if !bare.contains('=') {
                let words = bare.split('~').filter_map(|letter| letter.split_whitespace().next());
                core.extend(words);
            }
        }
        Err(self.lines.end("`END ALPHABET`"))
    }

    /// The line after `Background letter frequencies`.
    fn background(&mut self) -> Result<()> {
        const EXPECTED: &str = "`A` frequency `C` frequency `G` frequency `T` frequency";
        let Some(line) = self.lines.next()? else { return Err(self.lines.end(EXPECTED)) };
        let words: Vec<(usize, &str)> = line.words().collect();
        if words.len() != 8 {
            return Err(line.wrong(0, EXPECTED));
        }
        let mut frequencies = [0.0; 4];
        for ((frequency, letter), pair) in frequencies.iter_mut().zip("ACGT".chars()).zip(words.chunks(2)) {
            if !pair[0].1.eq_ignore_ascii_case(&letter.to_string()) {
                return Err(line.wrong(pair[0].0, format!("`{letter}`")));
            }
            *frequency = line.figure(pair[1].0, pair[1].1)?;
        }
        self.background = Background::new(frequencies)?;
        Ok(())
    }

    /// The rows after `letter-probability matrix:`.
    fn matrix(&mut self, header: &Line, accession: Option<String>, name: String) -> Result<()> {
        if self.motifs.len() == MOST_MOTIFS {
            return Err(header.wrong(0, format!("at most {MOST_MOTIFS} motifs")));
        }
        if value(header, "alength=")?.is_some_and(|letters| letters != 4.0) {
            return Err(header.wrong(0, "alength= 4"));
        }
        let width = value(header, "w=")?;
        if width.is_some_and(|width| width < 1.0 || width > WIDEST as f64 || width.fract() != 0.0) {
            return Err(header.wrong(0, format!("a whole w= from 1 to {WIDEST}")));
        }
        let sites = value(header, "nsites=")?.filter(|&sites| sites > 0.0).unwrap_or(SITES);
        let e_value = value(header, "E=")?;
        let rows = match width {
            Some(width) => self.rows(width as usize, &name)?,
            None => self.open_rows()?,
        };
        let mut motif = Motif::from_probabilities(name, &rows, sites)?.with_background(self.background);
        if let Some(accession) = accession {
            motif = motif.with_accession(accession)?;
        }
        if let Some(e_value) = e_value {
            motif = motif.with_e_value(e_value);
        }
        self.motifs.push(motif);
        Ok(())
    }

    /// As many rows as `w=` says.
    fn rows(&mut self, width: usize, name: &str) -> Result<Vec<[f64; 4]>> {
        let mut rows = Vec::with_capacity(width);
        while rows.len() < width {
            let Some(line) = self.lines.next()? else {
                return Err(self.lines.end(format!("row {} of {width} of the motif {name}", rows.len() + 1)));
            };
            rows.push(row(&line)?);
        }
        Ok(rows)
    }

    /// Rows up to the first line that is not one, where the header does not say how many.
    fn open_rows(&mut self) -> Result<Vec<[f64; 4]>> {
        let mut rows = Vec::new();
        while let Some(line) = self.lines.next()? {
            let is_row = line.text.trim_start().starts_with(|c: char| c.is_ascii_digit() || ".+-".contains(c));
            let is_rule = line.text.trim().bytes().all(|byte| byte == b'-');
            if !is_row || is_rule {
                if rows.is_empty() {
                    return Err(line.wrong(0, "four frequencies"));
                }
                break;
            }
            if rows.len() == WIDEST {
                return Err(line.wrong(0, format!("at most {WIDEST} rows")));
            }
            rows.push(row(&line)?);
        }
        if rows.is_empty() { Err(self.lines.end("four frequencies")) } else { Ok(rows) }
    }
}

fn sorted(letters: &str) -> String {
    let mut letters: Vec<char> = letters.chars().collect();
    letters.sort_unstable();
    letters.dedup();
    letters.into_iter().collect()
}

/// Accession and name after `MOTIF`; MEME's own output goes on with `width = ...`.
fn title(line: &Line) -> Result<(Option<String>, String)> {
    let words: Vec<&str> = line.words().map(|(_, word)| word).collect();
    let is_width = |i: usize| words[i] == "width" && words.get(i + 1) == Some(&"=") || words[i].starts_with("width=");
    let end = (1..words.len()).find(|&i| is_width(i)).unwrap_or(words.len());
    match words[1..end] {
        [] => Err(line.wrong(line.text.len(), "the name of the motif")),
        [name] => Ok((None, name.to_owned())),
        [accession, ref name @ ..] => Ok((Some(accession.to_owned()), name.join("_"))),
    }
}

/// The figure after `key`, which ends with `=`; blanks may stand between.
fn value(line: &Line, key: &str) -> Result<Option<f64>> {
    // A key begins a word: `w=` is not part of another.
    let Some(at) =
        line.text.match_indices(key).map(|(at, _)| at).find(|&at| line.text[..at].ends_with([' ', '\t', ':']))
    else {
        return Ok(None);
    };
    let Some((at, word)) = line.word_from(at + key.len()) else {
        return Err(line.wrong(line.text.len(), format!("a figure after `{key}`")));
    };
    line.figure(at, word).map(Some)
}

/// One row of a matrix.
fn row(line: &Line) -> Result<[f64; 4]> {
    let figures: Vec<f64> = line.words().map(|(at, word)| line.figure(at, word)).collect::<Result<_>>()?;
    let row: [f64; 4] = figures.try_into().map_err(|_| line.wrong(0, "four frequencies"))?;
    if (row.iter().sum::<f64>() - 1.0).abs() > ROUNDING {
        return Err(line.wrong(0, "four frequencies whose sum is 1"));
    }
    Ok(row)
}
