//! Kills at moments drawn at random, while files are written: what is there is whole, and who goes on ends with the
//! bytes of a run that was left alone.
//!
//! A moment is a number of changes to the folder, so that slow and fast machines are hit alike. `cargo xtask soak`
//! says how many kills: 20 if omitted.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use super::train::trained;

/// The experiment of a run, and of a search's trials: a checkpoint at every step.
pub(super) const EXPERIMENT: &str = "title = 'kills'\n\
    [data.simulated]\nrows = 80\n[split]\nkind = 'random'\nvalidation = 0.2\n\
    seed = 1\n[encoding.one_hot.fit]\nlength = 110\n[network]\nname = 'bert'\nk = 3\nchannels = 8\nblocks = 1\n\
    heads = 2\n[optimiser]\nname = 'adam_w'\nlr = 0.001\n[loss]\nname = 'mse'\n[training]\nepochs = 3\n\
    batch_size = 8\ncheckpoint_steps = 1\nreplicas = 1\n";

/// Files by their paths in a folder.
type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Numbers that look drawn, the same in every run.
pub(super) struct Draws(pub(super) u64);

impl Draws {
    /// Below `n`, which is above 0.
    pub(super) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
}

fn kills() -> u32 {
    std::env::var("PROMOTER_KILLS").map_or(20, |text| text.parse().unwrap())
}

/// Files below a folder; those that go while it is listed are not among them.
fn paths(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let below = entries.flat_map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => paths(&entry.path()),
        _ => vec![entry.path()],
    });
    below.collect()
}

pub(super) fn temporary(folder: &Path) -> Vec<PathBuf> {
    let is_temporary = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(".promoter-");
    paths(folder).into_iter().filter(is_temporary).collect()
}

/// Waits until files below the folder have changed so often, or until the program has ended; returns the changes seen.
pub(super) fn wait(child: &mut Child, folder: &Path, changes: usize) -> (usize, Option<ExitStatus>) {
    let look = || -> Vec<(PathBuf, u64, u64)> {
        let of = |path: PathBuf| fs::metadata(&path).ok().map(|found| (path, found.ino(), found.len()));
        paths(folder).into_iter().filter_map(of).collect()
    };
    let (mut before, mut seen) = (look(), 0);
    while seen < changes {
        if let Some(status) = child.try_wait().unwrap() {
            return (seen, Some(status));
        }
        std::thread::sleep(Duration::from_micros(300));
        let now = look();
        seen += usize::from(now != before);
        before = now;
    }
    (seen, None)
}

/// A command that writes into a folder, and goes on where it was stopped.
pub(super) struct Work<'a> {
    /// The folder of what it reads, `{in}` of the call.
    pub(super) input: &'a Path,
    /// Its arguments; `{out}` is the folder, which a stopped program may have written into.
    pub(super) call: fn(&Path) -> &'static str,
    /// Names of files that have the same bytes in every run.
    pub(super) same: &'a [&'a str],
    /// Whether a start removes what a kill left before it.
    pub(super) clears: bool,
}

impl Work<'_> {
    pub(super) fn start(&self, out: &Path) -> Child {
        let [input, folder] = [self.input, out].map(|path| path.to_str().unwrap());
        let words = (self.call)(out).split_whitespace();
        super::command(words.map(|word| word.replace("{in}", input).replace("{out}", folder)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// What it writes when it is left alone, and how often the folder changes meanwhile.
    fn whole(&self) -> (Files, usize) {
        let out = tempfile::tempdir().unwrap();
        let mut child = self.start(out.path());
        let (changes, status) = wait(&mut child, out.path(), usize::MAX);
        assert!(status.unwrap().success(), "{}", (self.call)(out.path()));
        let files = self.files(out.path());
        assert!(!files.is_empty() && changes > 0);
        (files, changes)
    }

    pub(super) fn files(&self, out: &Path) -> Files {
        let is_same = |path: &PathBuf| self.same.contains(&path.file_name().unwrap().to_str().unwrap());
        let read = |path: PathBuf| (path.strip_prefix(out).unwrap().to_owned(), fs::read(&path).unwrap());
        paths(out).into_iter().filter(is_same).map(read).collect()
    }

    /// Ends it with a signal as often as asked, at moments drawn at random, and lets it go on each time; `look` sees
    /// the folder after each. A run that comes to its end is compared with `whole`, and another one is begun.
    fn stop_often(&self, signal: i32, look: &dyn Fn(&Path, &Files)) {
        let (whole, changes) = self.whole();
        let mut draws = Draws(1);
        let (mut stopped, mut finished) = (0, 0);
        while stopped < kills() || finished == 0 {
            let out = tempfile::tempdir().unwrap();
            loop {
                let mut child = self.start(out.path());
                let moment = if stopped < kills() { draws.below(changes) } else { usize::MAX };
                let (_, ended) = wait(&mut child, out.path(), moment);
                let status = ended.unwrap_or_else(|| end(&mut child, signal));
                if status.success() {
                    break;
                }
                // Training that has begun writes a checkpoint and ends with a status of its own.
                let codes = [Some(128 + signal), (signal == TERM).then_some(75)];
                assert!(status.signal() == Some(signal) || codes.contains(&status.code()), "{status}");
                stopped += 1;
                look(out.path(), &whole);
            }
            finished += 1;
            assert!(self.files(out.path()) == whole, "run {finished}, after {stopped} stops");
            assert!(!self.clears || temporary(out.path()).is_empty(), "{:?}", temporary(out.path()));
        }
    }
}

/// The program's end by a signal, or by itself where it was quicker.
pub(super) fn end(child: &mut Child, signal: i32) -> ExitStatus {
    let mut kill = Command::new("kill");
    // It may have ended meanwhile: then nothing is sent.
    kill.args([format!("-{signal}"), child.id().to_string()]).stderr(Stdio::null()).status().unwrap();
    child.wait().unwrap()
}

/// A folder with the experiment and a search over it.
pub(super) fn input() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kills.toml");
    fs::write(&path, EXPERIMENT).unwrap();
    let search = "[search]\nkind = 'grid'\nmetric = 'mse'\nexperiment = ";
    let keys = "[keys]\noptimiser.lr = [0.001, 0.01]\ntraining.epochs = [2]\n";
    fs::write(folder.path().join("search.toml"), format!("{search}'{}'\n{keys}", path.display())).unwrap();
    folder
}

pub(super) const KILL: i32 = 9;
pub(super) const TERM: i32 = 15;

pub(super) fn train(out: &Path) -> &'static str {
    match out.join("run").exists() {
        true => "train --resume --out {out}/run --device cpu --threads 1",
        false => "train {in}/kills.toml --out {out}/run --device cpu --threads 1",
    }
}

pub(super) const OF_A_RUN: [&str; 5] =
    ["config.toml", "env.json", "last.safetensors", "best.safetensors", "predictions.tsv"];

#[test]
fn a_killed_training_goes_on_to_the_same_bytes_and_clears_what_is_left() {
    let input = input();
    let work = Work { input: input.path(), call: train, same: &OF_A_RUN, clears: true };
    work.stop_often(KILL, &|_, _| {});
}

#[test]
fn a_terminated_training_leaves_no_temporary_file() {
    let input = input();
    let work = Work { input: input.path(), call: train, same: &OF_A_RUN, clears: true };
    work.stop_often(TERM, &|out, _| assert_eq!(temporary(out), [""; 0].map(PathBuf::from)));
}

#[test]
fn a_killed_search_goes_on_to_the_same_bytes() {
    let input = input();
    let same = [&OF_A_RUN[..], &["search.toml", "trials.json", "trials.txt"]].concat();
    let call = |_: &Path| "search {in}/search.toml --out {out}/search --device cpu --threads 1";
    Work { input: input.path(), call, same: &same, clears: true }.stop_often(KILL, &|_, _| {});
}

/// The packed copy of an input is written in one go: the program ends while that goes on.
#[test]
fn a_terminated_reader_leaves_no_part_of_a_cache() {
    let input = input();
    super::succeeds("simulate --rows 60000 -o {}/in.tsv", input.path());
    let mut absent = 0;
    for _ in 0..20 {
        let out = tempfile::tempdir().unwrap();
        let read =
            format!("data={{file={{path='{}/in.tsv',cache='{}/copy'}}}}", input.path().display(), out.path().display());
        let mut call = super::command(["train", input.path().join("kills.toml").to_str().unwrap(), "--set", &read]);
        call.args(["--out", input.path().join("run").to_str().unwrap(), "--device", "cpu", "--threads", "1"]);
        let mut child = call.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let (_, ended) = wait(&mut child, out.path(), 1);
        assert!(ended.is_none());
        assert_eq!(end(&mut child, TERM).code(), Some(128 + TERM));
        assert_eq!(temporary(out.path()), [""; 0].map(PathBuf::from));
        absent += usize::from(!out.path().join("copy").exists());
        fs::remove_dir_all(input.path().join("run")).ok();
        if absent == 3 {
            return;
        }
    }
    panic!("in none of 20 runs it was stopped while it wrote");
}

/// The output of a killed program: whole, or not there.
fn whole_or_absent(out: &Path, whole: &Files) {
    for (name, bytes) in whole {
        let found = fs::read(out.join(name));
        assert!(found.as_ref().map_or(true, |found| found == bytes), "{}", name.display());
    }
}

#[test]
fn a_killed_prediction_or_encoding_leaves_no_half_file() {
    let folder = tempfile::tempdir().unwrap();
    super::succeeds("simulate --rows 3000 -o {}/in.tsv", folder.path());
    let run = trained().join("run/predictor.safetensors");
    fs::copy(run, folder.path().join("model.safetensors")).unwrap();
    let predict = |_: &Path| "predict {in}/model.safetensors {in}/in.tsv -o {out}/out.tsv --device cpu --threads 1";
    let encode = |_: &Path| "encode {in}/in.tsv -o {out}/out.npz";
    for (call, name) in [(predict as fn(&Path) -> &'static str, "out.tsv"), (encode, "out.npz")] {
        Work { input: folder.path(), call, same: &[name], clears: false }.stop_often(KILL, &whole_or_absent);
    }
}
