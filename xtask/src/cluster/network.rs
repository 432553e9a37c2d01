//! Trouble on the network between two machines, which are network namespaces of this one.

use super::{LEFT_OUT, Place, ends, start, succeeds};
use crate::project;
use std::process::{Child, Command};

/// Two machines and the router between them, each a network namespace; removed when dropped.
struct Machines {
    names: [String; 2],
    router: String,
}

impl Machines {
    fn new() -> Result<Self, String> {
        let id = std::process::id() % 10_000;
        let machines = Self { names: [format!("pa{id}"), format!("pb{id}")], router: format!("pr{id}") };
        let Self { names, router } = &machines;
        for name in [&names[0], &names[1], router] {
            ip(&["netns", "add", name])?;
            ip(&["-n", name, "link", "set", "lo", "up"])?;
        }
        for (name, net) in names.iter().zip(["10.77.1", "10.77.2"]) {
            let port = format!("to-{name}");
            ip(&["link", "add", "cable", "netns", name, "type", "veth", "peer", "name", &port, "netns", router])?;
            ip(&["-n", name, "addr", "add", &format!("{net}.2/24"), "dev", "cable"])?;
            ip(&["-n", router, "addr", "add", &format!("{net}.1/24"), "dev", &port])?;
            ip(&["-n", name, "link", "set", "cable", "up"])?;
            ip(&["-n", router, "link", "set", &port, "up"])?;
            ip(&["-n", name, "route", "add", "default", "via", &format!("{net}.1")])?;
            // Some seconds until unanswered data are an error, not a quarter of an hour.
            ip(&["netns", "exec", name, "sh", "-c", "echo 4 > /proc/sys/net/ipv4/tcp_retries2"])?;
        }
        machines.forward(true)?;
        Ok(machines)
    }

    /// Whether the router sends on what it gets: if not, packets are lost on their way, and nobody is told.
    fn forward(&self, does: bool) -> Result<(), String> {
        let set = format!("echo {} > /proc/sys/net/ipv4/ip_forward", u8::from(does));
        ip(&["netns", "exec", &self.router, "sh", "-c", &set])
    }

    /// One process on each machine.
    fn start(&self, place: &Place, run: &str, port: &str, more: &[&str]) -> Result<Vec<Child>, String> {
        let of = |(rank, name): (usize, &String)| {
            let mut command = place.program("ip");
            command.args(["netns", "exec", name]).args(place.words(run)).args(more);
            command.env("RANK", rank.to_string()).env("WORLD_SIZE", "2").env("GLOO_SOCKET_IFNAME", "cable");
            start(command.env("MASTER_ADDR", "10.77.1.2").env("MASTER_PORT", port))
        };
        self.names.iter().enumerate().map(of).collect()
    }
}

fn ip(words: &[&str]) -> Result<(), String> {
    match project::output(Command::new("ip").args(words)) {
        Some(_) => Ok(()),
        None => Err(format!("{LEFT_OUT}`ip {}` does not work here: be root", words.join(" "))),
    }
}

impl Drop for Machines {
    fn drop(&mut self) {
        for name in self.names.iter().chain([&self.router]) {
            let _ = project::output(Command::new("ip").args(["netns", "del", name]));
        }
    }
}

/// Both processes end with an error; mended, the run goes on to the bytes of one that was left alone.
pub(super) fn cut(place: &Place) -> Result<(), String> {
    let machines = Machines::new()?;
    let ranks = machines.start(place, "cut", "29613", &[])?;
    place.wait_for("cut", 3)?;
    machines.forward(false)?;
    for rank in ranks {
        let (status, said) = ends(rank, "a process whose network was cut")?;
        if status != Some(1) || !said.contains("error: ") {
            return Err(format!("ended with {status:?}:\n{said}"));
        }
    }
    machines.forward(true)?;
    for rank in machines.start(place, "cut", "29614", &["--resume"])? {
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
    for rank in machines.start(place, "slow", "29615", &[])? {
        succeeds(rank, "a process on a slow network")?;
    }
    place.is_as_by_hand("slow")
}
