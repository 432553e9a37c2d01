//! JASPAR's format: a header `>accession name` and four rows of counts.
//!
//! # Source
//! <https://jaspar.elixir.no/docs>: `jaspar` (rows `A [ 1 2 ]`) and `pfm` (rows of figures only).

use std::fmt::Write as _;

use super::MOST_MOTIFS;
use super::lines::{Line, Lines};
use crate::motif::WIDEST;
use crate::{Motif, Result};

/// Order of the rows.
const ROWS: [char; 4] = ['A', 'C', 'G', 'T'];

/// Reads motifs.
///
/// A header is `>`, an accession and a name, or a name alone; further words are joined to the name with `_`. Rows are
/// those of A, C, G and T in this order; they begin with their letter, with or without brackets around the figures, or
/// have the figures only. Blank lines are passed over.
///
/// # Errors
/// [`Error::Syntax`](crate::Error::Syntax) for another line; [`Error::Motif`](crate::Error::Motif) for figures that do
/// not make a motif.
///
/// ```
/// use promoter_motif::io::jaspar;
/// let motifs = jaspar::parse(b">toy\n4 0\n0 1\n0 3\n0 0\n")?;
/// assert_eq!(motifs[0].counts(), [[4.0, 0.0, 0.0, 0.0], [0.0, 1.0, 3.0, 0.0]]);
/// let error = jaspar::parse(b">toy\nA [ 4 x ]\n").unwrap_err();
/// assert_eq!(error.to_string(), "line 2, column 7: expected a finite figure of at least 0, found \"x ]\"");
/// # Ok::<(), promoter_motif::Error>(())
/// ```
pub fn parse(text: &[u8]) -> Result<Vec<Motif>> {
    let mut lines = Lines::new(text);
    let mut motifs = Vec::new();
    while let Some(line) = full(&mut lines)? {
        if !line.text.starts_with('>') {
            return Err(line.wrong(0, "`>` and the name of a motif"));
        }
        if motifs.len() == MOST_MOTIFS {
            return Err(line.wrong(0, format!("at most {MOST_MOTIFS} motifs")));
        }
        motifs.push(motif(&line, &mut lines)?);
    }
    if motifs.is_empty() { Err(lines.end("a motif")) } else { Ok(motifs) }
}

/// Motifs in the format with letters and brackets; counts are written so that they read back the same.
pub fn to_string(motifs: &[Motif]) -> String {
    let mut text = String::new();
    for motif in motifs {
        let accession = motif.accession().map(|accession| format!("{accession}\t")).unwrap_or_default();
        // Writing into a string cannot fail.
        let _ = writeln!(text, ">{accession}{}", motif.name());
        for (row, letter) in ROWS.iter().enumerate() {
            let counts: Vec<String> = motif.counts().iter().map(|column| format!("{:>6}", column[row])).collect();
            let _ = writeln!(text, "{letter}  [{} ]", counts.join(" "));
        }
    }
    text
}

/// The next line that is not blank.
fn full<'a>(lines: &mut Lines<'a>) -> Result<Option<Line<'a>>> {
    while let Some(line) = lines.next()? {
        if !line.text.trim().is_empty() {
            return Ok(Some(line));
        }
    }
    Ok(None)
}

fn motif(header: &Line, lines: &mut Lines) -> Result<Motif> {
    let words: Vec<&str> = header.text[1..].split_whitespace().collect();
    let (accession, name) = match words[..] {
        [] => return Err(header.wrong(1, "the name of a motif")),
        [name] => (None, name.to_owned()),
        [accession, ref name @ ..] => (Some(accession), name.join("_")),
    };
    let mut counts: Vec<[f64; 4]> = Vec::new();
    for (row, letter) in ROWS.into_iter().enumerate() {
        let Some(line) = full(lines)? else { return Err(lines.end(format!("the row of {letter}"))) };
        let figures = figures(&line, letter)?;
        if row == 0 {
            if figures.len() > WIDEST {
                return Err(line.wrong(0, format!("at most {WIDEST} columns")));
            }
            counts = vec![[0.0; 4]; figures.len()];
        } else if figures.len() != counts.len() {
            return Err(line.wrong(0, format!("{} figures, as in the row of A", counts.len())));
        }
        counts.iter_mut().zip(figures).for_each(|(column, figure)| column[row] = figure);
    }
    let motif = Motif::from_counts(name, counts)?;
    match accession {
        Some(accession) => motif.with_accession(accession),
        None => Ok(motif),
    }
}

/// The figures of one row.
fn figures(line: &Line, letter: char) -> Result<Vec<f64>> {
    // Brackets become blanks, which keeps every figure's place; what is quoted is the line as it stands.
    let text: String = line.text.chars().map(|c| if "[]".contains(c) { ' ' } else { c }).collect();
    let bare = Line { number: line.number, text: &text };
    let first = bare.words().next();
    let from = match first {
        Some((at, word)) if word.eq_ignore_ascii_case(&letter.to_string()) => at + 1,
        Some((at, word)) if word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '>') => {
            return Err(line.wrong(at, format!("the row of {letter}")));
        }
        _ => 0,
    };
    let words = bare.words().filter(|&(at, _)| at >= from);
    let figures: Vec<f64> = words.map(|(at, word)| line.figure(at, word)).collect::<Result<_>>()?;
    if figures.is_empty() { Err(line.wrong(line.text.len(), "a figure")) } else { Ok(figures) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    fn place(text: &str) -> (usize, usize, String) {
        match parse(text.as_bytes()) {
            Err(Error::Syntax { line, column, expected, .. }) => (line, column, expected),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn all_forms_of_rows_read_alike() {
        let expected = parse(b">MA0.1 x\nA [ 1 2 ]\nC [ 3 4 ]\nG [ 5 6 ]\nT [ 7 8 ]\n").unwrap();
        for text in [
            ">MA0.1\tx\r\n1\t2\r\n3 4\r\n\r\n5 6\r\n7 8",
            "\n>MA0.1 x\nA [1 2]\nC [3 4]\nG [5 6]\nT [7 8]\n\n",
            "> MA0.1 x\na 1 2\nc 3.0 4e0\ng 5 6\nt 7 8\n",
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap(), expected, "{text}");
        }
        assert_eq!(parse(b">MA0.1 x y\n1\n1\n1\n1").unwrap()[0].name(), "x_y");
    }

    #[test]
    fn damage_is_told_with_its_place() {
        assert_eq!(place(""), (1, 1, "a motif".into()));
        assert_eq!(place("A [ 1 ]\n"), (1, 1, "`>` and the name of a motif".into()));
        assert_eq!(place(">\n1\n1\n1\n1\n"), (1, 2, "the name of a motif".into()));
        assert_eq!(place(">x\nA [ 1 ]\nC [ 1 ]\n"), (4, 1, "the row of G".into()));
        assert_eq!(place(">x\nA [ 1 ]\nG [ 1 ]\n"), (3, 1, "the row of C".into()));
        assert_eq!(place(">x\nA [ 1 ]\n>y\n"), (3, 1, "the row of C".into()));
        assert_eq!(place(">x\nA [ 1 2 ]\nC [ 1 ]\n"), (3, 1, "2 figures, as in the row of A".into()));
        assert_eq!(place(">x\nA [ ]\n"), (2, 6, "a figure".into()));
        assert_eq!(place(">x\nA [ 1 -2 ]\n").1, 7);
        assert_eq!(place(&format!(">x\n{}\n", "1 ".repeat(1001))), (2, 1, "at most 1000 columns".into()));
        assert_eq!(place(&format!(">x\n{}\n", "1 ".repeat(40_000))).2, "a line of at most 65536 bytes");
        assert!(matches!(parse(b">x\n0\n0\n0\n0\n"), Err(Error::Motif { .. })));
    }
}
