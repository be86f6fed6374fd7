//! `fanfare backup`: a copy of the database, also of one that a daemon is using.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use serde_json::json;

use super::CliError;
use super::context::Context;
use super::progress::Progress;
use crate::daemon::DaemonError;
use crate::daemon::backup::{Backup, BackupError};

/// How often the growing file is looked at: often enough for a bar that moves.
const LOOK: Duration = Duration::from_millis(100);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file to make, or - for standard output; it holds keys and endpoints, and only you can read it
    file: PathBuf,
    /// Overwrite the file if it exists
    #[arg(long)]
    force: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, context: &mut Context<'_, '_>) -> Result<(), CliError> {
    let storage = context.config()?.storage;
    let failed = |error: BackupError| CliError::from(DaemonError::from(error));
    let is_stream = args.file == Path::new("-");
    if is_stream && std::io::stdout().is_terminal() {
        return Err(CliError::Usage(
            "standard output is a terminal: name a file, or write into a pipe".to_owned(),
        ));
    }
    let mut backup = match is_stream {
        true => Backup::begin_unnamed(&storage),
        false => Backup::begin(&storage, &args.file, args.force),
    }
    .map_err(failed)?;
    let (size, growing) = backup.size().map_err(failed)?;
    let copy = || match is_stream {
        true => backup.stream(context.out.stream()),
        false => backup.make(),
    };
    let bytes = watched(&growing, size, copy).map_err(failed)?;
    if args.json && !is_stream {
        context.out.json(&json!({"file": args.file, "bytes": bytes}));
    } else {
        context.out.note(format_args!(
            "{} bytes, checked; whoever has this file has the keys: keep it as a secret",
            bytes
        ));
    }
    Ok(())
}

/// Does `work`, and shows meanwhile how far the file has grown.
fn watched<T>(file: &Path, size: u64, work: impl FnOnce() -> T) -> T {
    let progress = Progress::bytes(size, "copied");
    std::thread::scope(|scope| {
        let (stop, stopped) = channel::<()>();
        let progress = &progress;
        scope.spawn(move || {
            while stopped.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                progress.set(std::fs::metadata(file).map_or(0, |file| file.len()));
            }
        });
        let done = work();
        drop(stop);
        done
    })
}
