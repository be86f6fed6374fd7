//! `fanfare completions SHELL`: what a shell needs to complete our commands and flags.

use clap::CommandFactory;
use clap_complete::Shell;

use super::output::Output;
use super::{Cli, CliError};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &Args, out: &mut Output<'_>) -> Result<(), CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "fanfare", &mut script);
    out.line(String::from_utf8_lossy(&script).trim_end());
    Ok(())
}
