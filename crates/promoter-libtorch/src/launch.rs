//! How a program that computes with LibTorch starts; for programs, not for libraries: it reads the environment.

/// Name of the variable that libgomp, the threads of LibTorch, reads when it is loaded.
const POLICY: &str = "OMP_WAIT_POLICY";

/// Lets LibTorch's threads sleep instead of spin while they wait, unless the user has exported `OMP_WAIT_POLICY`.
///
/// Spinning threads make a program 3 to 10 times slower beside another busy one. libgomp reads the variable before
/// `main`, so the program replaces itself by itself once, with the variable set; process id, arguments, open files and
/// standard streams stay. To be called first in `main`, before anything is read and before any thread starts. Where a
/// program cannot replace itself it goes on as it is: slower on a busy machine, and otherwise the same.
pub fn wait_passively() {
    #[cfg(unix)]
    if std::env::var_os(POLICY).is_none()
        && let Ok(program) = std::env::current_exe()
    {
        use std::os::unix::process::CommandExt as _;
        let mut arguments = std::env::args_os();
        let mut command = std::process::Command::new(program);
        if let Some(name) = arguments.next() {
            command.arg0(name);
        }
        // It returns only when it fails.
        let _ = command.args(arguments).env(POLICY, "passive").exec();
    }
}
