//! What is put into backgrounds.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use promoter::explain::{Element, Error};
use promoter::motif::{self, Motif};

/// What is put into backgrounds.
#[derive(Debug, Args)]
pub(super) struct Elements {
    /// Motifs: a MEME or JASPAR file
    #[arg(long, value_name = "FILE", required_unless_present = "words")]
    motifs: Option<PathBuf>,
    /// Take the motif of this name or accession from --motifs; may be given several times [default: all]
    #[arg(long = "name", value_name = "NAME", requires = "motifs")]
    names: Vec<String>,
    /// Word of IUPAC letters; may be given several times
    #[arg(long = "word", value_name = "WORD", value_parser = word)]
    words: Vec<Named>,
}

/// A motif or word.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) element: Element,
}

impl Elements {
    /// Words first, then motifs in the order of their names, or of the file.
    pub(super) fn read(&self) -> Result<Vec<Named>> {
        let mut all = self.words.clone();
        if let Some(path) = &self.motifs {
            let motifs = motif::io::read(path).context("--motifs")?;
            let chosen = match &self.names[..] {
                [] => motifs,
                names => names.iter().map(|name| find(&motifs, name, path)).collect::<Result<_>>()?,
            };
            let named = |motif: Motif| Named { name: motif.name().to_owned(), element: Element::motif(motif) };
            all.extend(chosen.into_iter().map(named));
        }
        Ok(all)
    }
}

fn find(motifs: &[Motif], name: &str, path: &Path) -> Result<Motif> {
    let is_named = |motif: &&Motif| motif.name() == name || motif.accession() == Some(name);
    let matching: Vec<&Motif> = motifs.iter().filter(is_named).collect();
    match matching[..] {
        [motif] => Ok(motif.clone()),
        [] => bail!("--name {name}: {} has no such motif among its {}", path.display(), motifs.len()),
        _ => bail!("--name {name}: {} motifs of {} have this name: use accessions", matching.len(), path.display()),
    }
}

fn word(text: &str) -> Result<Named, String> {
    match Element::word(text) {
        Ok(element) if element.width() > 0 => Ok(Named { name: text.to_owned(), element }),
        Ok(_) => Err("expected at least one IUPAC letter".to_owned()),
        Err(Error::Letter { position, letter }) => {
            Err(format!("expected IUPAC letters, found {letter:?} at position {}", position + 1))
        }
        Err(error) => Err(error.to_string()),
    }
}
