//! `cargo xtask soak`: kills programs while they write, many times.

use crate::{project, setup};

pub(crate) const HELP: &str = "\
Usage: cargo xtask soak [--kills N]

Runs the tests of crates/promoter-cli/tests/command/kills.rs with N kills each (200 by default, 20 in `cargo xtask
test`): train, search, predict and encode are ended while they write, go on, and must end with the bytes of a run that
was left alone.
";

/// Kills of each test when nothing is said.
const KILLS: u32 = 200;

pub(crate) fn main(arguments: &[String]) -> Result<(), String> {
    let kills = parse(arguments)?;
    setup::set_up(false)?;
    let mut command = project::cargo();
    command.current_dir(project::root()).args(["test", "--package", "promoter-cli", "--test", "command", "kills::"]);
    project::show(command.env("PROMOTER_KILLS", kills.to_string()))
}

fn parse(arguments: &[String]) -> Result<u32, String> {
    match arguments {
        [] => Ok(KILLS),
        [flag, number] if flag == "--kills" => {
            let kills = number.parse().ok().filter(|&kills| kills > 0);
            kills.ok_or_else(|| "--kills: expected a whole number above 0".into())
        }
        _ => Err(format!("unexpected arguments {arguments:?}: it takes --kills N")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_kills_is_read_or_refused() {
        let words = |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
        assert_eq!(parse(&[]), Ok(KILLS));
        assert_eq!(parse(&words("--kills 7")), Ok(7));
        for text in ["7", "--kills", "--kills 0", "--kills many"] {
            assert!(parse(&words(text)).is_err(), "{text}");
        }
    }
}
