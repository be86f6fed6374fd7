//! The command line. A command reads its arguments, calls the API and prints the answer; what it does to the
//! store happens in the daemon that owns it, also when one has to be started for that one call.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::config::error::{ConfigError, ConfigErrors};
use crate::config::sources;
use crate::control::ApiError;
use crate::daemon::{DaemonError, ExitStatus};

mod context;
mod elsewhere;
mod flags;
mod output;
mod path;
mod progress;
mod remote;

mod app;
mod backup;
mod channel;
mod check_config;
mod completions;
mod export;
mod healthcheck;
mod import;
mod key;
mod migrate;
mod notify;
mod restore;
mod serve;
mod subscription;
mod token;
mod top;
mod vapid;

use context::Context;
use flags::Flags;
use output::Output;

/// A self-hosted Web Push fan-out daemon.
#[derive(Debug, Parser)]
#[command(name = "fanfare", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Runs the daemon (what happens without a command)
    Serve,
    /// Publishes a notification to a channel
    Notify(Box<notify::Args>),
    /// VAPID keys: what subscriptions are made with
    #[command(subcommand)]
    Vapid(vapid::Command),
    /// Apps: tenants with keys, channels and origins of their own
    #[command(subcommand)]
    App(app::Command),
    /// API keys
    #[command(subcommand)]
    Key(key::Command),
    /// Makes a subscriber token, which lets a browser into channels
    Token(token::Args),
    /// Channels
    #[command(subcommand)]
    Channel(channel::Command),
    /// Subscriptions: who is in a channel, who is held back, and who comes back
    #[command(subcommand)]
    Subscription(subscription::Command),
    /// Copies the database to a file, also while a daemon uses it
    Backup(backup::Args),
    /// Puts a backup in the database's place (with the daemon stopped), and keeps what was there
    Restore(restore::Args),
    /// Writes subscriptions as JSON lines, with endpoints, keys and cursors
    Export(export::Args),
    /// Takes in subscriptions: an export, or a list of another program's
    Import(import::Args),
    /// Brings the database up to date, or creates it
    Migrate,
    /// Checks the configuration and prints what holds
    CheckConfig(check_config::Args),
    /// Watches a running daemon in the terminal: its tree, actors, push services and charts
    Top(top::Args),
    /// Asks a running daemon whether it is well (for containers)
    Healthcheck(healthcheck::Args),
    /// Prints completions for a shell
    Completions(completions::Args),
}

/// Why a command did not do what it was to do.
#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    Failed(String),
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    #[error(transparent)]
    Secret(#[from] ConfigError),
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error(transparent)]
    Daemon(#[from] DaemonError),
    #[error("{} cannot be read", path.display())]
    Input { path: PathBuf, source: io::Error },
    #[error("the output cannot be written")]
    Output(#[source] io::Error),
    #[error("the runtime cannot be started")]
    Runtime(#[source] io::Error),
}

impl CliError {
    /// 2 when the command or the configuration is wrong, else 1.
    fn exit_code(&self) -> ExitCode {
        let usage = match self {
            // The same mistake again would not help, wherever it was made: a service manager need not try.
            Self::Usage(_) | Self::Config(_) | Self::Secret(_) => true,
            Self::Failed(_)
            | Self::Api(_)
            | Self::Daemon(_)
            | Self::Input { .. }
            | Self::Output(_)
            | Self::Runtime(_) => false,
        };
        ExitCode::from(if usage { 2 } else { 1 })
    }

    /// The error and its causes in one line.
    fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(inner) = cause {
            text = format!("{text}: {inner}");
            cause = inner.source();
        }
        text
    }
}

/// Does what `arguments` say (the first is the program's name) and prints to standard output.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl Iterator<Item = (OsString, OsString)>,
) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version end here as well, and with 0.
            _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let mut stdout = io::stdout().lock();
    let mut out = Output::new(&mut stdout);
    let done = sources::our_variables(environment)
        .map_err(CliError::from)
        .and_then(|environment| dispatch(cli, environment, &mut out));
    let done = done.and_then(|code| out.finish().map(|()| code).map_err(CliError::Output));
    done.unwrap_or_else(|error| {
        Output::complain(&error.chain());
        error.exit_code()
    })
}

fn dispatch(
    cli: Cli,
    environment: BTreeMap<String, String>,
    out: &mut Output<'_>,
) -> Result<ExitCode, CliError> {
    let mut context = Context::new(cli.flags, environment, out);
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => {
            return Ok(match serve::run(&mut context)? {
                ExitStatus::Stopped => ExitCode::SUCCESS,
                ExitStatus::Failed => ExitCode::FAILURE,
            });
        }
        Command::Notify(args) => notify::run(*args, &mut context)?,
        Command::Vapid(command) => vapid::run(command, &mut context)?,
        Command::App(command) => app::run(command, &mut context)?,
        Command::Key(command) => key::run(command, &mut context)?,
        Command::Token(args) => token::run(&args, &mut context)?,
        Command::Channel(command) => channel::run(command, &mut context)?,
        Command::Subscription(command) => subscription::run(command, &mut context)?,
        Command::Backup(args) => backup::run(&args, &mut context)?,
        Command::Restore(args) => restore::run(&args, &mut context)?,
        Command::Export(args) => export::run(&args, &mut context)?,
        Command::Import(args) => import::run(&args, &mut context)?,
        Command::Migrate => migrate::run(&mut context)?,
        Command::CheckConfig(args) => check_config::run(&args, &mut context)?,
        Command::Top(args) => top::run(&args, &mut context)?,
        Command::Healthcheck(args) => healthcheck::run(&args, &mut context)?,
        Command::Completions(args) => completions::run(&args, context.out)?,
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests;
