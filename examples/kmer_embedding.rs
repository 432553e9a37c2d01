//! Trains GloVe vectors of k-mers, on simulated promoters or on a file, and shows what they learnt: figures and a
//! picture.

#![allow(clippy::print_stdout, reason = "a program talks to its user")]

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use promoter::encode::Codes;
use promoter::encode::embed::similarity::{Moments, Summary};
use promoter::encode::embed::{Corpus, Vectors, glove, io, projection};
use promoter::encode::kmer::Kmers;
use promoter::seq::read::{self, Columns, ReadOptions};
use promoter::seq::{Filter, Table};
use promoter::sim::{Assay, simulate};

/// Train GloVe vectors of 5-mers with NAD's settings, on rows of 110 bases.
#[derive(Debug, Parser)]
#[command(after_help = "Examples:
  kmer_embedding
  kmer_embedding --data train_sequences.txt.gz --out vectors.txt
  kmer_embedding --data promoters.tsv --sequence seq --picture kmers.svg")]
struct Arguments {
    /// Rows to train on: TSV or CSV, plain, .gz or .zst [default: simulated promoters]
    #[arg(long, value_name = "FILE", conflicts_with = "rows")]
    data: Option<PathBuf>,
    /// Column of the sequence, in a file with a header [default: the challenge's two columns, no header]
    #[arg(long, value_name = "COLUMN", requires = "data")]
    sequence: Option<String>,
    /// Simulated promoters
    #[arg(long, default_value_t = 20_000)]
    rows: u32,
    /// Bases of a word
    #[arg(long, short, default_value_t = 5)]
    k: usize,
    /// Numbers per vector
    #[arg(long, default_value_t = 128)]
    dimension: usize,
    /// Passes over the table of counts
    #[arg(long, default_value_t = 50)]
    iterations: usize,
    /// Seed of starting values and order
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Vectors as GloVe text
    #[arg(long, value_name = "FILE", default_value = "kmer_vectors.txt")]
    out: PathBuf,
    /// Picture of the first two principal components
    #[arg(long, value_name = "FILE", default_value = "kmer_vectors.svg")]
    picture: PathBuf,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let table = rows(&arguments)?;
    let mut corpus = Corpus::of_kmers(&Kmers { k: arguments.k, ..Kmers::nad() })?;
    for (codes, _) in table.rows() {
        corpus.push_sequence(Codes(codes))?;
    }
    let config = glove::Config {
        dimension: arguments.dimension,
        iterations: arguments.iterations,
        seed: arguments.seed,
        ..glove::Config::nad()
    };
    let bar = ProgressBar::new(config.iterations as u64).with_style(ProgressStyle::with_template("{bar:40} {msg}")?);
    if !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let mut costs = Vec::new();
    let model = glove::train(&corpus, &config, |progress| {
        bar.inc(1);
        bar.set_message(format!("cost {:.6}", progress.cost));
        costs.push(progress.cost);
    })?;
    bar.finish_and_clear();
    let vectors = model.vectors()?;
    vectors.save(&arguments.out, io::Format::GloveText)?;
    let drawing = draw(&vectors);
    std::fs::write(&arguments.picture, drawing)
        .with_context(|| format!("cannot write {}", arguments.picture.display()))?;

    println!("{} rows, {} words, {} different", table.len(), corpus.len(), vectors.words().len());
    if let (Some(first), Some(last)) = (costs.first(), costs.last()) {
        println!("cost {first:.6} in the first iteration, {last:.6} in the last");
    }
    print_summary(&Summary::of(&vectors), arguments.k);
    for word in vectors.words().iter().take(3) {
        let near: Vec<String> =
            vectors.nearest(word, 5)?.iter().map(|(other, cosine)| format!("{other} {cosine:.2}")).collect();
        println!("nearest to {word}: {}", near.join(", "));
    }
    println!("wrote {} and {}", arguments.out.display(), arguments.picture.display());
    Ok(())
}

/// Rows of 110 bases without ambiguous letters.
fn rows(arguments: &Arguments) -> Result<Table> {
    let Some(path) = &arguments.data else {
        ensure!(arguments.rows > 0, "--rows is 0: there is nothing to learn from");
        let assay = Assay { rows: arguments.rows as usize, seed: arguments.seed, ..Assay::default() };
        return Ok(simulate(&assay)?.table);
    };
    let columns = match &arguments.sequence {
        None => Columns::Challenge,
        Some(sequence) => Columns::Named { sequence: sequence.clone(), label: None },
    };
    let (table, _) = read::read(path, &ReadOptions { columns, ..ReadOptions::default() })?;
    let (table, removed) = Filter::exact_110().apply(table, 0)?;
    println!("{removed}");
    Ok(table)
}

fn print_summary(summary: &Summary, k: usize) {
    let line = |name: &str, moments: &Moments| {
        println!("{name:<44} {:>8} {:>8.3} {:>8.3}", moments.n, moments.mean, moments.deviation);
    };
    println!("{:<44} {:>8} {:>8} {:>8}", "", "n", "mean", "sd");
    line("values", &summary.values);
    line("lengths of vectors", &summary.norms);
    line("cosine, all pairs", &summary.pairs);
    line(&format!("cosine, pairs that share {} bases, moved by one", k - 1), &summary.successors);
    line("cosine, pairs that differ in one letter", &summary.substitutions);
    line("cosine, reverse complements", &summary.complements);
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 560.0;
const MARGIN: f64 = 40.0;

/// One dot per word at its first two principal components, coloured by its number of G and C.
fn draw(vectors: &Vectors) -> String {
    let points = projection::principal(vectors);
    let extent = |axis: usize| {
        let values = points.iter().map(|point| point[axis]);
        (values.clone().fold(f64::INFINITY, f64::min), values.fold(f64::NEG_INFINITY, f64::max))
    };
    let place = |value: f64, (low, high): (f64, f64), length: f64| {
        MARGIN + (value - low) / (high - low).max(f64::MIN_POSITIVE) * (length - 2.0 * MARGIN)
    };
    let at = |point: &[f64; 2]| (place(point[0], extent(0), WIDTH), HEIGHT - place(point[1], extent(1), HEIGHT));
    let strong = |word: &str| word.bytes().filter(|letter| b"GC".contains(letter)).count();
    let most = vectors.words().iter().map(|word| strong(word)).max().unwrap_or(0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    for count in 0..=most {
        // From blue to red over the number of G and C.
        let hue = 230.0 - 230.0 * count as f64 / most.max(1) as f64;
        let colour = format!("hsl({hue:.0},70%,45%)");
        let _ = write!(svg, "<path stroke=\"{colour}\" stroke-width=\"5\" stroke-linecap=\"round\" d=\"");
        for (_, point) in vectors.words().iter().zip(&points).filter(|(word, _)| strong(word) == count) {
            let (x, y) = at(point);
            let _ = write!(svg, "M{x:.0} {y:.0}h0");
        }
        let y = 20.0 + 16.0 * count as f64;
        let _ = writeln!(svg, "\"/>\n<text x=\"{}\" y=\"{y}\" fill=\"{colour}\">{count} G or C</text>", WIDTH - 70.0);
    }
    // Homopolymers and repeats of two letters are the words that a reader looks for.
    let simple = |word: &str| word.bytes().zip(word.bytes().skip(2)).all(|(a, b)| a == b);
    for (word, point) in vectors.words().iter().zip(&points).filter(|(word, _)| simple(word)) {
        let (x, y) = at(point);
        let _ = writeln!(svg, "<text x=\"{:.0}\" y=\"{:.0}\">{word}</text>", x + 4.0, y - 4.0);
    }
    svg + "</svg>\n"
}
