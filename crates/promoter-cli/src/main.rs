//! The `promoter` command: one file for each subcommand.

#[cfg(feature = "torch")]
mod attribution;
#[cfg(feature = "torch")]
mod chunk;
mod completions;
#[cfg(feature = "torch")]
mod design;
#[cfg(feature = "torch")]
mod device;
#[cfg(feature = "torch")]
mod doctor;
mod embed;
mod encode;
#[cfg(feature = "torch")]
mod explain;
mod explanation;
mod filter;
mod form;
#[cfg(feature = "torch")]
mod info;
mod input;
mod interrupt;
mod keep;
#[cfg(feature = "torch")]
mod launcher;
#[cfg(feature = "torch")]
mod marginalize;
mod memory;
#[cfg(feature = "torch")]
mod models;
#[cfg(feature = "torch")]
mod motifs;
#[cfg(feature = "torch")]
mod new;
mod npz;
mod output;
#[cfg(feature = "torch")]
mod predict;
mod preset;
mod progress;
#[cfg(feature = "torch")]
mod recipe;
#[cfg(feature = "torch")]
mod report;
#[cfg(feature = "torch")]
mod rows;
#[cfg(feature = "torch")]
mod schema;
mod score;
#[cfg(feature = "torch")]
mod search;
#[cfg(feature = "torch")]
mod share;
#[cfg(feature = "torch")]
mod shipped;
#[cfg(feature = "torch")]
mod shrink;
mod simulate;
mod table;
#[cfg(feature = "torch")]
mod train;
#[cfg(feature = "torch")]
mod variants;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

/// Sequence-to-expression models of yeast promoters: score, train, predict.
#[derive(Debug, Parser)]
#[command(
    name = "promoter",
    version,
    propagate_version = true,
    after_help = "Every command has an example: promoter score --help"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Completions(completions::Arguments),
    #[cfg(feature = "torch")]
    Design(Box<design::Arguments>),
    #[cfg(feature = "torch")]
    Doctor(doctor::Arguments),
    Embed(embed::Arguments),
    Encode(encode::Arguments),
    #[cfg(feature = "torch")]
    Explain(explain::Arguments),
    Filter(filter::Arguments),
    #[cfg(feature = "torch")]
    Info(info::Arguments),
    #[cfg(feature = "torch")]
    Marginalize(marginalize::Arguments),
    #[cfg(feature = "torch")]
    Models(shipped::Arguments),
    #[cfg(feature = "torch")]
    Motifs(motifs::Arguments),
    #[cfg(feature = "torch")]
    New(new::Arguments),
    #[cfg(feature = "torch")]
    Predict(predict::Arguments),
    #[cfg(feature = "torch")]
    Report(report::Arguments),
    #[cfg(feature = "torch")]
    Schema(schema::Arguments),
    Score(score::Arguments),
    #[cfg(feature = "torch")]
    Search(search::Arguments),
    #[cfg(feature = "torch")]
    Shrink(shrink::Arguments),
    Simulate(simulate::Arguments),
    #[cfg(feature = "torch")]
    Train(train::Arguments),
    #[cfg(feature = "torch")]
    Variants(variants::Arguments),
}

#[cfg(feature = "torch")]
impl Command {
    /// Whether it keeps LibTorch's threads busy.
    fn trains_or_predicts(&self) -> bool {
        matches!(
            self,
            Self::Design(_)
                | Self::Doctor(_)
                | Self::Explain(_)
                | Self::Marginalize(_)
                | Self::Motifs(_)
                | Self::Predict(_)
                | Self::Search(_)
                | Self::Train(_)
                | Self::Variants(_)
        )
    }
}

/// Status of what was stopped by a signal and can go on: EX_TEMPFAIL of `sysexits.h`, "try again".
const AGAIN: u8 = 75;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    #[cfg(feature = "torch")]
    {
        if arguments.command.trains_or_predicts() {
            promoter::libtorch::launch::wait_passively();
        }
        promoter::torch::memory::keep_freed();
    }
    match interrupt::watch().map_err(anyhow::Error::from).and_then(|()| run(arguments.command)) {
        Ok(()) => ExitCode::SUCCESS,
        // Who reads our output has seen enough: `promoter ... | head`.
        Err(error) if explanation::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            explanation::print(&error);
            if explanation::is_stopped(&error) { ExitCode::from(AGAIN) } else { ExitCode::FAILURE }
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Completions(arguments) => completions::run(&arguments, Arguments::command()),
        #[cfg(feature = "torch")]
        Command::Design(arguments) => design::run(&arguments),
        #[cfg(feature = "torch")]
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Embed(arguments) => embed::run(&arguments),
        Command::Encode(arguments) => encode::run(&arguments),
        #[cfg(feature = "torch")]
        Command::Explain(arguments) => explain::run(&arguments),
        #[cfg(feature = "torch")]
        Command::Info(arguments) => info::run(&arguments),
        #[cfg(feature = "torch")]
        Command::Marginalize(arguments) => marginalize::run(&arguments),
        #[cfg(feature = "torch")]
        Command::Models(arguments) => shipped::run(&arguments),
        #[cfg(feature = "torch")]
        Command::Motifs(arguments) => motifs::run(&arguments),
        #[cfg(feature = "torch")]
        Command::New(arguments) => new::run(&arguments),
        #[cfg(feature = "torch")]
        Command::Predict(arguments) => predict::run(&arguments),
        Command::Filter(arguments) => filter::run(&arguments),
        #[cfg(feature = "torch")]
        Command::Report(arguments) => report::run(&arguments),
        #[cfg(feature = "torch")]
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Score(arguments) => score::run(&arguments),
        #[cfg(feature = "torch")]
        Command::Search(arguments) => search::run(&arguments),
        #[cfg(feature = "torch")]
        Command::Shrink(arguments) => shrink::run(&arguments),
        Command::Simulate(arguments) => simulate::run(&arguments),
        #[cfg(feature = "torch")]
        Command::Train(arguments) => train::run(&arguments),
        #[cfg(feature = "torch")]
        Command::Variants(arguments) => variants::run(&arguments),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All orders in which the words of two lists can follow each other.
    fn merged<'a>(a: &[&'a str], b: &[&'a str]) -> Vec<Vec<&'a str>> {
        let (Some((first, rest_a)), Some((other, rest_b))) = (a.split_first(), b.split_first()) else {
            return vec![[a, b].concat()];
        };
        let after =
            |word: &'a str, rest: Vec<Vec<&'a str>>| rest.into_iter().map(move |rest| [&[word], &rest[..]].concat());
        after(first, merged(rest_a, b)).chain(after(other, merged(a, rest_b))).collect()
    }

    #[test]
    fn options_may_stand_before_between_and_after_what_they_go_with() {
        Arguments::command().debug_assert();
        let cases: &[(&str, &[&str], &[&str])] = &[
            #[cfg(feature = "torch")]
            (
                "design",
                &["run", "other"],
                &["--start=in.fa", "--target=3", "--protect=1..3", "--protect=5..6", "--device=cpu"],
            ),
            ("embed", &["in.fa"], &["--out=x.txt", "--kmers=6"]),
            ("encode", &["in.fa"], &["-ox.npz", "--format=fasta"]),
            ("filter", &["in.tsv"], &["--length=110", "--no-ambiguous", "--sample=0.1"]),
            ("simulate", &["assay.toml"], &["--rows=3", "-ox.tsv"]),
            ("completions", &["bash"], &[]),
            #[cfg(feature = "torch")]
            ("explain", &["run", "other", "in.fa"], &["--device=cpu", "--format=fasta", "-ox.tsv"]),
            #[cfg(feature = "torch")]
            ("info", &["peppa"], &["--json"]),
            #[cfg(feature = "torch")]
            ("marginalize", &["run", "other"], &["--word=TATAAA", "--word=CACGTG", "--spacing", "--position=3"]),
            #[cfg(feature = "torch")]
            ("motifs", &["run", "other", "in.fa"], &["--database=x.meme", "--html=x.html", "--device=cpu"]),
            #[cfg(feature = "torch")]
            ("predict", &["run", "other", "in.fa"], &["--device=cpu", "--strands=both", "--rank"]),
            #[cfg(feature = "torch")]
            ("predict", &["run", "-"], &["--shift=0", "--sequence=seq", "--task=0", "--tasks=2"]),
            #[cfg(feature = "torch")]
            ("report", &["run", "other"], &["-ox.html"]),
            #[cfg(feature = "torch")]
            ("search", &["search.toml"], &["--list", "--out=x", "--task=1", "--tasks=4"]),
            #[cfg(feature = "torch")]
            ("train", &["peppa.toml"], &["--set=seed=1", "--set=seed=2", "--out=x"]),
            #[cfg(feature = "torch")]
            ("new", &["own.toml"], &["--data=x.tsv", "--label=y", "--recipe=small"]),
            #[cfg(feature = "torch")]
            ("variants", &["run", "other", "in.vcf"], &["--references=in.fa", "--device=cpu"]),
        ];
        let parsed = |command, words: Vec<&str>| {
            let words = ["promoter", command].into_iter().chain(words);
            Arguments::try_parse_from(words.clone())
                .map_err(|error| format!("{words:?}: {error}"))
                .map(|a| format!("{a:?}"))
        };
        for (command, files, options) in cases {
            let expected = parsed(command, [*files, *options].concat()).unwrap();
            for words in merged(files, options) {
                assert_eq!(parsed(command, words).unwrap(), expected);
            }
            // The value of an option may be a word of its own.
            let apart = options.iter().flat_map(|option| option.splitn(2, '='));
            assert_eq!(parsed(command, apart.chain(files.iter().copied()).collect()).unwrap(), expected);
        }
    }

    #[test]
    #[cfg(feature = "torch")]
    fn a_model_needs_an_input() {
        for command in ["predict", "explain", "motifs", "variants"] {
            for words in [&[command][..], &[command, "run"], &[command, "--device", "cpu", "run"]] {
                let error = Arguments::try_parse_from([&["promoter"], words].concat()).unwrap_err();
                assert_eq!(error.kind(), clap::error::ErrorKind::MissingRequiredArgument, "{words:?}");
            }
        }
    }
}
