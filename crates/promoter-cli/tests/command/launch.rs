//! How LibTorch's threads wait.

use std::process::Command;

/// What libgomp says of itself, each time that it is loaded into the process, before anything else happens.
fn spins(exported: &[(&str, &str)], arguments: &[&str]) -> Vec<String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_promoter"));
    command.env_clear().env("OMP_DISPLAY_ENV", "verbose").envs(exported.iter().copied()).args(arguments);
    let said = String::from_utf8(command.output().unwrap().stderr).unwrap();
    let spins = said.lines().filter_map(|line| line.split_once("GOMP_SPINCOUNT = ")).map(|(_, count)| count.to_owned());
    spins.collect()
}

#[test]
#[cfg(target_os = "linux")]
fn threads_sleep_while_they_wait_however_the_program_is_started() {
    let predict = ["predict", "none", "none.tsv"];
    let started = spins(&[], &predict);
    assert_eq!(started.len(), 2, "the program replaced itself once: {started:?}");
    assert_eq!(started[1], "'0'", "waiting threads do not spin");
    // An exported policy wins, and nothing is replaced.
    let active = spins(&[("OMP_WAIT_POLICY", "active")], &predict);
    assert!(active.len() == 1 && active[0] != "'0'", "{active:?}");
    assert_eq!(spins(&[("OMP_WAIT_POLICY", "passive")], &predict), ["'0'"]);
    // What needs no threads starts once.
    assert_eq!(spins(&[], &["--version"]).len(), 1);
}
