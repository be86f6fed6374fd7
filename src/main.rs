//! The `fanfare` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    fanfare::cli::run(std::env::args_os(), std::env::vars_os())
}
