//! What a launcher of several processes says in the environment: torchrun, Open MPI, MPICH, Slurm.

use anyhow::{Context as _, Result, bail};
use promoter::torch::distributed::{Group, Rendezvous, TIMEOUT};

/// PyTorch's default port.
const PORT: u16 = 29500;

/// Who started this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Launcher {
    Torchrun,
    OpenMpi,
    Mpich,
    Slurm,
}

/// Whether the launcher starts this command again, after a failure or a requeue: torchrun's `--max-restarts`, Slurm's
/// `--requeue`.
pub(crate) fn is_restart() -> bool {
    is_restart_by(&get)
}

fn is_restart_by(get: Get<'_>) -> bool {
    let counts = ["TORCHELASTIC_RESTART_COUNT", "SLURM_RESTART_COUNT"];
    counts.iter().any(|name| get(name).and_then(|count| count.parse::<u64>().ok()).is_some_and(|count| count > 0))
}

/// The value of a variable of this process, where it is set and not empty.
fn get(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// This process among those that were started together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Launch {
    launcher: Launcher,
    at: Rendezvous,
    /// Processes of this machine; none where the launcher does not say.
    local: Option<usize>,
}

/// The value of a variable, where it is set and not empty.
type Get<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Launch {
    /// What the environment of this process says; none for a process that was started by itself.
    pub(crate) fn of_environment() -> Result<Option<Self>> {
        Self::read(&get)
    }

    fn read(get: Get<'_>) -> Result<Option<Self>> {
        let is_set = |name| get(name).is_some();
        let launch = if is_set("WORLD_SIZE") || is_set("RANK") {
            torchrun(get)?
        } else if is_set("OMPI_COMM_WORLD_SIZE") {
            mpi(get, Launcher::OpenMpi, ["OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE"])?
        } else if is_set("PMI_SIZE") {
            mpi(get, Launcher::Mpich, ["PMI_RANK", "PMI_SIZE", "MPI_LOCALNRANKS"])?
        } else if is_set("SLURM_STEP_NUM_TASKS") {
            slurm(get)?
        } else {
            return Ok(None);
        };
        let Rendezvous { rank, size, .. } = launch.at;
        if rank >= size {
            bail!("the environment says that this is process {rank} of {size}: processes count from 0");
        }
        Ok((size > 1).then_some(launch))
    }

    /// Meets the other processes.
    pub(crate) fn join(&self) -> Result<Group> {
        let Rendezvous { host, port, .. } = &self.at;
        Group::join(&self.at).with_context(|| format!("processes started by {} meet at {host}:{port}", self.name()))
    }

    /// Whether it is the process that speaks to people.
    pub(crate) fn leads(&self) -> bool {
        self.at.rank == 0
    }

    /// Threads that are this process's of those that its machine has.
    pub(crate) fn share(&self, threads: i32) -> i32 {
        self.local.map_or(threads, |local| (threads / local as i32).max(1))
    }

    /// One line for people.
    pub(crate) fn line(&self) -> String {
        let Rendezvous { size, host, port, .. } = &self.at;
        format!("{size}, started by {}, meeting at {host}:{port}", self.name())
    }

    fn name(&self) -> &'static str {
        match self.launcher {
            Launcher::Torchrun => "torchrun",
            Launcher::OpenMpi => "Open MPI",
            Launcher::Mpich => "MPICH",
            Launcher::Slurm => "Slurm",
        }
    }
}

/// `torchrun`, and processes started by hand with its variables.
fn torchrun(get: Get<'_>) -> Result<Launch> {
    let at = Rendezvous {
        launcher_serves: get("TORCHELASTIC_USE_AGENT_STORE").is_some_and(|value| value == "True"),
        restarts: get("TORCHELASTIC_RESTART_COUNT")
            .map_or(Ok(0), |text| number("TORCHELASTIC_RESTART_COUNT", &text))?,
        ..rendezvous(get, needed(get, "RANK")?, needed(get, "WORLD_SIZE")?, text(get, "MASTER_ADDR")?)?
    };
    // A port of which the other processes know nothing would be waited at for long.
    text(get, "MASTER_PORT")?;
    Ok(Launch { launcher: Launcher::Torchrun, at, local: optional(get, "LOCAL_WORLD_SIZE")? })
}

/// `mpirun` of either kind: processes on several machines need to know where they meet, unless Slurm says it.
fn mpi(get: Get<'_>, launcher: Launcher, [rank, size, local]: [&str; 3]) -> Result<Launch> {
    let (rank, size, local) = (needed(get, rank)?, needed(get, size)?, optional::<usize>(get, local)?);
    let host = match (get("MASTER_ADDR"), get("SLURM_STEP_NODELIST").or_else(|| get("SLURM_JOB_NODELIST"))) {
        (Some(host), _) => host,
        (None, _) if local == Some(size) => "127.0.0.1".into(),
        (None, Some(nodes)) => first_host(&nodes)?,
        (None, None) => {
            bail!("export MASTER_ADDR, the name of the machine with process 0: mpirun does not say where to meet")
        }
    };
    Ok(Launch { launcher, at: rendezvous(get, rank, size, host)?, local })
}

/// `srun`: the first machine of the step, and a port that follows from the job.
fn slurm(get: Get<'_>) -> Result<Launch> {
    let (rank, size) = (needed(get, "SLURM_PROCID")?, needed(get, "SLURM_STEP_NUM_TASKS")?);
    let host = match get("MASTER_ADDR") {
        Some(host) => host,
        None => first_host(&text(get, "SLURM_STEP_NODELIST")?)?,
    };
    let mut at = rendezvous(get, rank, size, host)?;
    if get("MASTER_PORT").is_none() {
        let (job, step): (u64, u64) = (needed(get, "SLURM_JOB_ID")?, optional(get, "SLURM_STEP_ID")?.unwrap_or(0));
        at.port = 15_000 + ((job + step) % 10_000) as u16;
    }
    // Slurm binds a task to its own cores, of which LibTorch makes as many threads.
    Ok(Launch { launcher: Launcher::Slurm, at, local: None })
}

fn rendezvous(get: Get<'_>, rank: usize, size: usize, host: String) -> Result<Rendezvous> {
    let port = optional(get, "MASTER_PORT")?.unwrap_or(PORT);
    let (interface, timeout) = (get("GLOO_SOCKET_IFNAME"), TIMEOUT);
    Ok(Rendezvous { rank, size, host, port, launcher_serves: false, restarts: 0, interface, timeout })
}

/// The first machine of a list such as `n[07-09,12],login`.
fn first_host(nodes: &str) -> Result<String> {
    let first = match nodes.split_once('[') {
        Some((name, rest)) if !name.contains(',') => {
            let (numbers, after) = rest.split_once(']').with_context(|| format!("`{nodes}` is not a list of nodes"))?;
            let suffix = after.split(',').next().unwrap_or_default();
            format!("{name}{}{suffix}", numbers.split(['-', ',']).next().unwrap_or_default())
        }
        _ => nodes.split(',').next().unwrap_or_default().to_owned(),
    };
    if first.is_empty() { bail!("`{nodes}` is not a list of nodes") } else { Ok(first) }
}

fn text(get: Get<'_>, name: &str) -> Result<String> {
    get(name).with_context(|| format!("the environment has no {name}: other variables say that a launcher is at work"))
}

fn needed<T: std::str::FromStr>(get: Get<'_>, name: &str) -> Result<T> {
    number(name, &text(get, name)?)
}

fn optional<T: std::str::FromStr>(get: Get<'_>, name: &str) -> Result<Option<T>> {
    get(name).map(|value| number(name, &value)).transpose()
}

fn number<T: std::str::FromStr>(name: &str, value: &str) -> Result<T> {
    value.parse().ok().with_context(|| format!("{name} is `{value}`, expected a number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `NAME=value` words.
    fn read(variables: &str) -> Result<Option<Launch>> {
        let pairs: Vec<(&str, &str)> = variables.split_whitespace().filter_map(|word| word.split_once('=')).collect();
        Launch::read(&|name| {
            pairs.iter().find(|(key, value)| *key == name && !value.is_empty()).map(|(_, value)| (*value).to_owned())
        })
    }

    #[track_caller]
    fn found(variables: &str) -> Launch {
        read(variables).unwrap().unwrap()
    }

    fn at(rank: usize, size: usize, host: &str, port: u16) -> Rendezvous {
        let host = host.to_owned();
        let timeout = TIMEOUT;
        Rendezvous { rank, size, host, port, launcher_serves: false, restarts: 0, interface: None, timeout }
    }

    #[test]
    fn torchrun_serves_the_store_and_counts_restarts() {
        let by_hand = "RANK=1 WORLD_SIZE=2 MASTER_ADDR=localhost MASTER_PORT=29501";
        let launch = found(by_hand);
        assert_eq!((launch.launcher, &launch.at), (Launcher::Torchrun, &at(1, 2, "localhost", 29501)));
        assert_eq!((launch.leads(), launch.share(8)), (false, 8));
        let elastic = "LOCAL_RANK=1 LOCAL_WORLD_SIZE=2 TORCHELASTIC_RESTART_COUNT=3 TORCHELASTIC_USE_AGENT_STORE=True";
        // Slurm started torchrun, and torchrun this process.
        let launch =
            found(&format!("{by_hand} {elastic} SLURM_STEP_NUM_TASKS=4 SLURM_PROCID=3 GLOO_SOCKET_IFNAME=eth1"));
        let interface = Some("eth1".to_owned());
        let expected = Rendezvous { launcher_serves: true, restarts: 3, interface, ..at(1, 2, "localhost", 29501) };
        assert_eq!((launch.at.clone(), launch.share(8)), (expected, 4));
        assert_eq!(launch.line(), "2, started by torchrun, meeting at localhost:29501");
    }

    #[test]
    fn a_restart_is_one_by_torchrun_or_slurm() {
        let is_restart =
            |name: &'static str, value: &'static str| is_restart_by(&|asked| (asked == name).then(|| value.to_owned()));
        assert!(is_restart("TORCHELASTIC_RESTART_COUNT", "1") && is_restart("SLURM_RESTART_COUNT", "2"));
        assert!(!is_restart("TORCHELASTIC_RESTART_COUNT", "0") && !is_restart("RANK", "1"));
    }

    #[test]
    fn open_mpi_meets_on_this_machine_or_where_it_is_told() {
        let local = "OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_LOCAL_SIZE=2";
        let launch = found(local);
        assert_eq!((launch.launcher, &launch.at), (Launcher::OpenMpi, &at(0, 2, "127.0.0.1", PORT)));
        assert_eq!((launch.leads(), launch.share(3), launch.share(1)), (true, 1, 1));
        let apart = "OMPI_COMM_WORLD_RANK=3 OMPI_COMM_WORLD_SIZE=4 OMPI_COMM_WORLD_LOCAL_SIZE=2";
        assert!(read(apart).unwrap_err().to_string().contains("export MASTER_ADDR"));
        assert_eq!(found(&format!("{apart} MASTER_ADDR=a MASTER_PORT=7")).at, at(3, 4, "a", 7));
        assert_eq!(found(&format!("{apart} SLURM_JOB_NODELIST=n[3-4]")).at, at(3, 4, "n3", PORT));
    }

    #[test]
    fn mpich_has_variables_of_its_own() {
        let launch = found("PMI_RANK=1 PMI_SIZE=2 MPI_LOCALNRANKS=2");
        assert_eq!((launch.launcher, launch.at), (Launcher::Mpich, at(1, 2, "127.0.0.1", PORT)));
    }

    #[test]
    fn slurm_steps_meet_on_the_first_machine_at_a_port_of_the_job() {
        let step =
            "SLURM_PROCID=1 SLURM_STEP_NUM_TASKS=2 SLURM_STEP_NODELIST=n[1-2] SLURM_JOB_ID=123456 SLURM_STEP_ID=1";
        let launch = found(step);
        assert_eq!((launch.launcher, launch.at), (Launcher::Slurm, at(1, 2, "n1", 18_457)));
        assert_eq!(found(&format!("{step} MASTER_ADDR=x MASTER_PORT=9")).at, at(1, 2, "x", 9));
        // A batch script runs outside of steps: what it starts itself is one process.
        assert_eq!(read("SLURM_PROCID=0 SLURM_NTASKS=8 SLURM_JOB_ID=1 SLURM_JOB_NODELIST=n1").unwrap(), None);
        for (nodes, first) in
            [("a", "a"), ("a,b", "a"), ("n[07-09,12],b", "n07"), ("b,n[1-2]", "b"), ("n[3]-x,b", "n3-x")]
        {
            assert_eq!(first_host(nodes).unwrap(), first);
        }
        assert!(first_host("n[1").is_err() && first_host("").is_err());
    }

    #[test]
    fn one_process_is_alone_and_half_an_environment_is_an_error() {
        assert_eq!(read("").unwrap(), None);
        assert_eq!(read("RANK=0 WORLD_SIZE=1 MASTER_ADDR=a MASTER_PORT=1").unwrap(), None);
        for (variables, part) in [
            ("RANK=0", "no WORLD_SIZE"),
            ("RANK=0 WORLD_SIZE=2", "no MASTER_ADDR"),
            ("RANK=0 WORLD_SIZE=2 MASTER_ADDR=a", "no MASTER_PORT"),
            ("RANK=zero WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=1", "RANK is `zero`, expected a number"),
            ("RANK=2 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=1", "process 2 of 2"),
            ("RANK=0 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=70000", "MASTER_PORT is `70000`"),
        ] {
            let error = read(variables).unwrap_err().to_string();
            assert!(error.contains(part), "{variables}: {error}");
        }
    }
}
