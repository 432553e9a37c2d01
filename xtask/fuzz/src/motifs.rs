//! Motifs: what is read is written and read again as motifs of the same names and widths.

use promoter::motif::{Motif, io};

fn names(motifs: &[Motif]) -> Vec<(&str, Option<&str>, usize)> {
    motifs.iter().map(|motif| (motif.name(), motif.accession(), motif.width())).collect()
}

/// Through both formats; a file of MEME has one background, so that other motifs are refused there.
fn again(motifs: &[Motif]) {
    assert!(!motifs.is_empty());
    let jaspar = io::jaspar::parse(io::jaspar::to_string(motifs).as_bytes()).unwrap();
    assert_eq!(names(&jaspar), names(motifs));
    if let Ok(text) = io::meme::to_string(motifs) {
        assert_eq!(names(&io::meme::parse(text.as_bytes()).unwrap()), names(motifs));
    }
}

pub(crate) fn meme(data: &[u8]) {
    if let Ok(motifs) = io::meme::parse(data) {
        again(&motifs);
    }
}

pub(crate) fn jaspar(data: &[u8]) {
    if let Ok(motifs) = io::jaspar::parse(data) {
        again(&motifs);
    }
}
