//! Slurm's launcher and the job scripts, on two nodes that are emulated here.

use super::launchers::expect;
use super::{Place, start, succeeds};
use std::fs;
use std::process::Command;

/// A command on the two nodes.
fn on_two_nodes(place: &Place) -> Command {
    place.program(place.root.join("xtask/cluster/two_nodes.sh"))
}

pub(super) fn srun(place: &Place) -> Result<(), String> {
    let mut command = on_two_nodes(place);
    command.args(["srun", "--nodes=2", "--ntasks=2"]).args(place.words("srun"));
    let said = succeeds(start(&mut command)?, "srun")?;
    expect(&said, "started by Slurm")?;
    place.is_as_by_hand("srun")
}

/// The job is asked to stop twice, by either signal, and queued again by its script each time.
pub(super) fn train(place: &Place) -> Result<(), String> {
    let script = "\
        set -eu\n\
        job=$(sbatch --parsable --output=\"$RUN.out\" examples/slurm/train.sh)\n\
        epochs() { cat \"$RUN/metrics.jsonl\" 2>/dev/null | wc -l; }\n\
        ask() { for _ in $(seq 1200); do [ \"$(epochs)\" -ge \"$2\" ] && break; sleep 0.05; done;\n\
                scancel --signal=\"$1\" \"$job\"; }\n\
        ask USR2 2\n\
        ask TERM 5\n\
        for _ in $(seq 1200); do squeue -h -j \"$job\" 2>/dev/null | grep -q . || break; sleep 0.1; done\n\
        scontrol show job \"$job\" | grep -o 'JobState=[A-Z]*\\|Restarts=[0-9]*'\n\
        cat \"$RUN.out\"\n";
    let mut command = on_two_nodes(place);
    command.args(["bash", "-c", script]);
    command.env("EXPERIMENT", place.path("cluster.toml")).env("RUN", place.path("train-job"));
    let said = succeeds(start(&mut command)?, "train.sh")?;
    expect(&said, "JobState=COMPLETED")?;
    expect(&said, "Restarts=2")?;
    place.is_as_by_hand("train-job")
}

/// A search and a prediction as arrays, against one process.
pub(super) fn arrays(place: &Place) -> Result<(), String> {
    let search = format!(
        "[search]\nkind = 'random'\ntrials = 8\nmetric = 'mse'\nexperiment = '{}'\n[keys]\n\
         training.epochs = [1, 2]\noptimiser.lr = {{ log_uniform = [1e-4, 1e-1] }}\n",
        place.path("cluster.toml").display()
    );
    place.write("search.toml", &search)?;
    let path = |name: &str| place.path(name).display().to_string();
    let promoter = |words: &[&str]| {
        let mut command = place.program(place.programs().join("promoter"));
        succeeds(start(command.args(words))?, words[0])
    };
    let (file, one, sequences) = (path("search.toml"), path("one"), path("sequences.tsv"));
    promoter(&["search", &file, "--out", &one, "--device", "cpu"])?;
    promoter(&["simulate", "--rows", "5000", "-o", &sequences])?;
    let (model, whole) = (path("one/best.safetensors"), path("whole.tsv"));
    promoter(&["predict", &model, &sequences, "--device", "cpu", "-o", &whole])?;

    let script = "sbatch --wait --output=\"$JOBS/search-%a.out\" examples/slurm/search.sh && \
                  sbatch --wait --output=\"$JOBS/predict-%a.out\" examples/slurm/predict.sh || \
                  { cat \"$JOBS\"/search-*.out \"$JOBS\"/predict-*.out; exit 1; }";
    let mut command = on_two_nodes(place);
    command.args(["bash", "-c", script]).env("JOBS", &place.folder).env("SEARCH", &file);
    command.env("OUT", place.path("array")).env("MODEL", &model).env("SEQUENCES", &sequences);
    succeeds(start(&mut command)?, "search.sh and predict.sh")?;
    let read = |name: String| fs::read(place.path(&name)).map_err(|error| format!("{name}: {error}"));
    for file in ["search.toml", "trials.json", "trials.txt", "best.safetensors"] {
        if read(format!("one/{file}"))? != read(format!("array/{file}"))? {
            return Err(format!("{file} of the array differs from that of one process"));
        }
    }
    let parts = (0..4).map(|task| read(format!("array/part-{task}.tsv"))).collect::<Result<Vec<_>, _>>()?;
    if parts.concat() != read("whole.tsv".into())? {
        return Err("the parts of the prediction are not the whole".into());
    }
    Ok(())
}
