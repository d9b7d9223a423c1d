//! The binary: hands the command line to `cli`, and its exit code to the shell; in the small build, to the agent.

use std::process::ExitCode;

#[cfg(feature = "service")]
fn main() -> ExitCode {
    lightsout::cli::main()
}

#[cfg(not(feature = "service"))]
fn main() -> ExitCode {
    lightsout::agent::main()
}
