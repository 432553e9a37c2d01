//! `cargo xtask test --cluster`: what needs launchers, a batch system or a network of its own.

mod launchers;
mod network;
mod slurm;

use crate::{libtorch, project, setup};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Each check, and the programs that it needs.
type Check = (&'static str, &'static [&'static str], fn(&Place) -> Result<(), String>);

const SLURM: &[&str] = &["srun", "sbatch", "slurmctld", "slurmd", "munged", "unshare"];

const CHECKS: [Check; 8] = [
    ("torchrun", &["torchrun"], launchers::torchrun),
    ("Open MPI", &["mpirun"], launchers::open_mpi),
    ("srun on two nodes", SLURM, slurm::srun),
    ("examples/slurm/train.sh", SLURM, slurm::train),
    ("examples/slurm/search.sh, predict.sh", SLURM, slurm::arrays),
    ("a network that is cut", &["ip"], network::cut),
    ("a network that is slow", &["ip", "tc"], network::slow),
    ("kills: 100 trials by 4 tasks, ranks 20 times", &[], kills),
];

/// The experiment of every run here: small, and with a checkpoint after every step.
const EXPERIMENT: &str = "title = 'cluster'\n\
    [data.simulated]\nrows = 80\n[split]\nkind = 'random'\nvalidation = 0.2\n\
    seed = 1\n[encoding.one_hot.fit]\nlength = 110\n[network]\nname = 'bert'\nk = 3\nchannels = 8\nblocks = 1\n\
    heads = 2\n[optimiser]\nname = 'adam_w'\nlr = 0.001\n[loss]\nname = 'mse'\n[training]\nepochs = 10\n\
    batch_size = 9\ncheckpoint_steps = 1\nreplicas = 1\n";

/// Files that have the same bytes however two processes were started and stopped.
const SAME: [&str; 5] =
    ["config.toml", "env.json", "predictions.tsv", "checkpoints/best.safetensors", "checkpoints/last.safetensors"];

/// How long anything here may take before it counts as hanging.
const PATIENCE: Duration = Duration::from_secs(180);

pub(crate) fn main() -> Result<(), String> {
    setup::set_up(false)?;
    let root = project::root();
    project::show(project::cargo().current_dir(&root).args(["build", "--package", "promoter-cli"]))?;
    let folder = std::env::temp_dir().join(format!("promoter-cluster-{}", std::process::id()));
    let result = Place::new(&root, folder.clone()).and_then(|place| run(&place));
    let _ = fs::remove_dir_all(&folder);
    result
}

fn run(place: &Place) -> Result<(), String> {
    let mut failed = 0;
    for (name, needs, check) in CHECKS {
        let missing: Vec<&str> = needs.iter().copied().filter(|program| !is_there(program)).collect();
        let start = Instant::now();
        let verdict = match missing.as_slice() {
            [] => check(place),
            missing => Err(format!("{LEFT_OUT}{} not installed", missing.join(", "))),
        };
        let seconds = start.elapsed().as_secs_f64();
        match verdict {
            Ok(()) => println!("ok        {name} ({seconds:.0} s)"),
            Err(why) if why.starts_with(LEFT_OUT) => println!("left out  {name}: {}", &why[LEFT_OUT.len()..]),
            Err(why) => {
                failed += 1;
                println!("FAILED    {name}: {why}");
            }
        }
    }
    if failed == 0 { Ok(()) } else { Err(format!("{failed} of {} checks failed", CHECKS.len())) }
}

/// How the reason of a check begins that cannot be made on this machine.
const LEFT_OUT: &str = "left out: ";

fn is_there(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| folder.join(program).is_file())
}

/// As `cargo test` runs them, more often.
fn kills(_: &Place) -> Result<(), String> {
    let mut command = project::cargo();
    command.current_dir(project::root()).args(["test", "--package", "promoter-cli", "--test", "command", "--"]);
    command.args(["an_array_whose_tasks_are_killed", "a_lost_process_ends_the_others"]);
    project::show(command.env("PROMOTER_TRIALS", "100").env("PROMOTER_RANK_KILLS", "20"))
}

/// Where checks are made: the program, an experiment, and a run of two processes that was started by hand.
struct Place {
    root: PathBuf,
    folder: PathBuf,
}

impl Place {
    fn new(root: &Path, folder: PathBuf) -> Result<Self, String> {
        let place = Self { root: root.to_owned(), folder };
        fs::create_dir_all(&place.folder)
            .map_err(|error| format!("cannot make {}: {error}", place.folder.display()))?;
        place.write("cluster.toml", EXPERIMENT)?;
        let port = 20_000 + (std::process::id() % 10_000) as u16;
        let ranks: Vec<Child> = (0..2)
            .map(|rank| {
                let mut command = place.train("by-hand");
                let rank = rank.to_string();
                let variables = [("RANK", rank.as_str()), ("WORLD_SIZE", "2"), ("MASTER_ADDR", "127.0.0.1")];
                start(command.envs(variables).env("MASTER_PORT", port.to_string()))
            })
            .collect::<Result<_, _>>()?;
        for rank in ranks {
            succeeds(rank, "two processes by hand")?;
        }
        Ok(place)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn write(&self, name: &str, text: &str) -> Result<(), String> {
        fs::write(self.path(name), text).map_err(|error| format!("cannot write {name}: {error}"))
    }

    /// Folder of the program `promoter`.
    fn programs(&self) -> PathBuf {
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.root.join("target"), PathBuf::from);
        target.join("debug")
    }

    /// A program with `promoter` in its path, one thread for each process, in the project's folder.
    fn program(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{path}", self.programs().display()));
        command.env("OMP_NUM_THREADS", "1").env("OMP_WAIT_POLICY", "passive").current_dir(&self.root);
        command.stdin(Stdio::null());
        command
    }

    /// The words of a training into the run `name`.
    fn words(&self, name: &str) -> Vec<String> {
        let path = |name: &str| self.path(name).display().to_string();
        let (experiment, run) = (path("cluster.toml"), path(name));
        ["promoter", "train", &experiment, "--out", &run, "--device", "cpu"].map(str::to_owned).to_vec()
    }

    fn train(&self, name: &str) -> Command {
        let mut command = self.program(self.programs().join("promoter"));
        command.args(&self.words(name)[1..]);
        command
    }

    /// Whether a run has the bytes of the one that was started by hand.
    fn is_as_by_hand(&self, name: &str) -> Result<(), String> {
        for file in SAME {
            let read =
                |run: &str| fs::read(self.path(run).join(file)).map_err(|error| format!("{run}/{file}: {error}"));
            if read(name)? != read("by-hand")? {
                return Err(format!("{file} differs from that of a run that was started by hand"));
            }
        }
        Ok(())
    }

    /// Waits until a run has been through this many epochs.
    fn wait_for(&self, name: &str, epochs: usize) -> Result<(), String> {
        let records = self.path(name).join("metrics.jsonl");
        let done = || fs::read_to_string(&records).unwrap_or_default().lines().count();
        until(|| done() >= epochs).map_err(|()| format!("{name} has not come to epoch {epochs}"))
    }
}

/// Waits until something is so.
fn until(mut holds: impl FnMut() -> bool) -> Result<(), ()> {
    let start = Instant::now();
    while !holds() {
        if start.elapsed() > PATIENCE {
            return Err(());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// Starts a program whose output is kept for the case that it fails.
fn start(command: &mut Command) -> Result<Child, String> {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    child.map_err(|error| format!("cannot start {}: {error}", command.get_program().to_string_lossy()))
}

/// The status and everything that a program has said; one that hangs is ended.
fn ends(mut child: Child, what: &str) -> Result<(Option<i32>, String), String> {
    let mut has_ended = || child.try_wait().is_ok_and(|status| status.is_some());
    if until(&mut has_ended).is_err() {
        let _ = child.kill();
        let _ = child.wait();
        return Err(format!("{what} did not end"));
    }
    let output = child.wait_with_output().map_err(|error| format!("{what}: {error}"))?;
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Ok((output.status.code(), said.concat()))
}

fn succeeds(child: Child, what: &str) -> Result<String, String> {
    match ends(child, what)? {
        (Some(0), said) => Ok(said),
        (status, said) => Err(format!("{what} ended with {status:?}:\n{said}")),
    }
}

/// The version of LibTorch, which Python's torch has to have too.
fn version() -> Result<String, String> {
    Ok(libtorch::Lock::of_this_system(false)?.version().to_owned())
}
