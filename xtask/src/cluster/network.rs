//! Trouble on the network between two machines, which are network namespaces of this one.

use super::{LEFT_OUT, Place, ends, start, succeeds};
use crate::project;
use std::process::{Child, Command};

/// Two network namespaces with a cable between them; removed when dropped.
struct Machines {
    names: [String; 2],
}

impl Machines {
    fn new() -> Result<Self, String> {
        let id = std::process::id() % 10_000;
        let machines = Self { names: [format!("pa{id}"), format!("pb{id}")] };
        let [a, b] = &machines.names;
        machines.ip(&["netns", "add", a])?;
        machines.ip(&["netns", "add", b])?;
        machines.ip(&["link", "add", "cable", "netns", a, "type", "veth", "peer", "name", "cable", "netns", b])?;
        for (name, address) in [(a, "10.77.0.1/24"), (b, "10.77.0.2/24")] {
            machines.ip(&["-n", name, "addr", "add", address, "dev", "cable"])?;
            machines.ip(&["-n", name, "link", "set", "cable", "up"])?;
            machines.ip(&["-n", name, "link", "set", "lo", "up"])?;
            // Some seconds until unanswered data are an error, not a quarter of an hour.
            machines.ip(&["netns", "exec", name, "sh", "-c", "echo 4 > /proc/sys/net/ipv4/tcp_retries2"])?;
        }
        Ok(machines)
    }

    fn ip(&self, words: &[&str]) -> Result<(), String> {
        match project::output(Command::new("ip").args(words)) {
            Some(_) => Ok(()),
            None => Err(format!("{LEFT_OUT}`ip {}` does not work here: be root", words.join(" "))),
        }
    }

    /// One process on each machine.
    fn start(&self, place: &Place, run: &str) -> Result<Vec<Child>, String> {
        let of = |(rank, name): (usize, &String)| {
            let mut command = place.program("ip");
            command.args(["netns", "exec", name]).args(place.words(run));
            command.env("RANK", rank.to_string()).env("WORLD_SIZE", "2").env("GLOO_SOCKET_IFNAME", "cable");
            start(command.env("MASTER_ADDR", "10.77.0.1").env("MASTER_PORT", "29613"))
        };
        self.names.iter().enumerate().map(of).collect()
    }
}

impl Drop for Machines {
    fn drop(&mut self) {
        for name in &self.names {
            let _ = project::output(Command::new("ip").args(["netns", "del", name]));
        }
    }
}

/// Both processes end with an error; mended, the run goes on to the bytes of one that was left alone.
pub(super) fn cut(place: &Place) -> Result<(), String> {
    let machines = Machines::new()?;
    let ranks = machines.start(place, "cut")?;
    place.wait_for("cut", 3)?;
    machines.ip(&["-n", &machines.names[1], "link", "set", "cable", "down"])?;
    for rank in ranks {
        let (status, said) = ends(rank, "a process whose network was cut")?;
        if status != Some(1) || !said.contains("has ended or does not answer") {
            return Err(format!("ended with {status:?}:\n{said}"));
        }
    }
    machines.ip(&["-n", &machines.names[1], "link", "set", "cable", "up"])?;
    let mut resumed = Vec::new();
    for (rank, name) in machines.names.iter().enumerate() {
        let mut command = place.program("ip");
        command.args(["netns", "exec", name]).args(place.words("cut")).arg("--resume");
        command.env("RANK", rank.to_string()).env("WORLD_SIZE", "2").env("GLOO_SOCKET_IFNAME", "cable");
        resumed.push(start(command.env("MASTER_ADDR", "10.77.0.1").env("MASTER_PORT", "29614"))?);
    }
    for rank in resumed {
        succeeds(rank, "a run after its network was mended")?;
    }
    place.is_as_by_hand("cut")
}

/// 20 ms more on the way change nothing.
pub(super) fn slow(place: &Place) -> Result<(), String> {
    let machines = Machines::new()?;
    let delay = ["-n", &machines.names[0], "qdisc", "add", "dev", "cable", "root", "netem", "delay", "20ms"];
    if project::output(Command::new("tc").args(delay)).is_none() {
        return Err(format!("{LEFT_OUT}this system has no netem, which delays packets"));
    }
    for rank in machines.start(place, "slow")? {
        succeeds(rank, "a process on a slow network")?;
    }
    place.is_as_by_hand("slow")
}
