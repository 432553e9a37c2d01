//! What every reader must hold to for any input: it never panics, and two readers of one format agree.
//!
//! A target is a function of bytes that panics where the promise is broken. `tests/replay.rs` runs each on its
//! committed corpus; `cargo xtask fuzz` searches for inputs that break one.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a target fails by panicking, as a test does")]

mod embeddings;
mod experiment;
mod motifs;
mod predictor;
mod scores;
// The command is a program, so what it reads itself is compiled in here.
#[path = "../../../crates/promoter-cli/src/rows.rs"]
mod rows;
mod scratch;
mod sequences;
mod variants;
mod weights;

/// A property of a reader.
pub struct Target {
    /// Name of the target and of its folder in `corpus/`.
    pub name: &'static str,
    /// Panics where the property does not hold.
    pub run: fn(&[u8]),
}

/// Every target.
pub const TARGETS: [Target; 20] = [
    Target { name: "tsv", run: sequences::tsv },
    Target { name: "csv", run: sequences::csv },
    Target { name: "fasta", run: sequences::fasta },
    Target { name: "fastq", run: sequences::fastq },
    Target { name: "bed", run: sequences::bed },
    Target { name: "gz", run: sequences::gz },
    Target { name: "zst", run: sequences::zst },
    Target { name: "compressed", run: sequences::compressed },
    Target { name: "cache", run: sequences::cache },
    Target { name: "vcf", run: variants::vcf },
    Target { name: "pairs", run: variants::pairs },
    Target { name: "glove", run: embeddings::glove },
    Target { name: "word2vec", run: embeddings::word2vec },
    Target { name: "safetensors", run: weights::safetensors },
    Target { name: "state_dict", run: weights::state_dict },
    Target { name: "predictor", run: predictor::predictor },
    Target { name: "meme", run: motifs::meme },
    Target { name: "jaspar", run: motifs::jaspar },
    Target { name: "scores", run: scores::scores },
    Target { name: "experiment", run: experiment::experiment },
];

/// The target of a name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
