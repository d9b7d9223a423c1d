//! The binary: hands the command line to `cli`, and its exit code to the shell.

use std::process::ExitCode;

fn main() -> ExitCode {
    lightsout::cli::main()
}
