//! Runner of the project.
fn main() {}
