//! Where the project lies, and how its tasks start other programs.

use crate::libtorch;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The project's folder.
pub(crate) fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_path_buf()
}

/// The cargo that started this program.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    // Set for this program only; in a nested cargo they would be another package's.
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_PKG_") || name == "CARGO_MANIFEST_DIR" {
            command.env_remove(name);
        }
    }
    // Cargo set it for this program, maybe before LibTorch was there; a nested cargo reads its configuration anew.
    if matches!(libtorch::choice(&root()), libtorch::Choice::Own) {
        command.env_remove("LIBTORCH");
    }
    command
}

/// Runs a command with its output shown.
pub(crate) fn show(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{}` ended with {status}", line(command))),
        Err(error) => Err(format!("cannot start {program}: {error}")),
    }
}

/// Standard output of a command; nothing when it cannot be started or fails.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A command as one would type it.
fn line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// Refuses arguments other than `known` ones.
pub(crate) fn only(arguments: &[String], known: &[&str]) -> Result<(), String> {
    match arguments.iter().find(|argument| !known.contains(&argument.as_str())) {
        None => Ok(()),
        Some(other) if known.is_empty() => Err(format!("unexpected argument {other:?}: it takes none")),
        Some(other) => Err(format!("unexpected argument {other:?}: it takes {}", known.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_command_is_named_with_its_arguments() {
        let error = show(Command::new("sh").args(["-c", "exit 3"])).unwrap_err();
        assert_eq!(error, "`sh -c exit 3` ended with exit status: 3");
        let error = show(&mut Command::new("promoter-no-such-program")).unwrap_err();
        assert!(error.starts_with("cannot start promoter-no-such-program: "), "{error}");
        assert_eq!(output(Command::new("sh").args(["-c", "echo a; exit 1"])), None);
    }

    #[test]
    fn unknown_arguments_are_refused() {
        let arguments = [String::from("--cuda"), String::from("--gpu")];
        assert_eq!(only(&arguments[..1], &["--cuda"]), Ok(()));
        assert_eq!(only(&arguments, &["--cuda"]), Err("unexpected argument \"--gpu\": it takes --cuda".into()));
        assert!(only(&arguments, &[]).is_err());
    }
}
