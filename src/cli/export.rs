//! `fanfare export`: subscriptions as JSON lines, with their keys and cursors, read beside whichever daemon runs.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::CliError;
use super::context::{AppFlag, Context};
use super::progress::Progress;
use crate::config::storage::Database;
use crate::daemon::DaemonError;
use crate::daemon::draft::Draft;
use crate::daemon::export::{Export, ExportError};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file to make [default: standard output]; only you can read it
    #[arg(default_value = "-", hide_default_value = true)]
    file: PathBuf,
    /// Only the members of this channel, with their place in it alone
    #[arg(long)]
    channel: Option<String>,
    /// Overwrite the file if it exists
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    app: AppFlag,
}

pub(super) fn run(args: &Args, context: &mut Context<'_, '_>) -> Result<(), CliError> {
    let storage = context.config()?.storage;
    let failed = |error: ExportError| CliError::from(DaemonError::from(error));
    let export =
        Export::begin(&storage, &args.app.name, args.channel.as_deref()).map_err(failed)?;
    let progress = Progress::count(export.count(), "subscriptions");
    let count = if args.file == Path::new("-") {
        let mut out = BufWriter::new(context.out.stream());
        match export.write(&mut out, |count| progress.set(count)) {
            // Who has seen enough (`| head`) is no failure.
            Err(ExportError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                return Ok(());
            }
            done => done.map_err(failed)?,
        }
    } else {
        let Database::Sqlite(database) = &storage.database;
        let draft = Draft::begin(&args.file, args.force, database);
        let mut draft = draft.map_err(DaemonError::from)?;
        let mut out = BufWriter::new(draft.file());
        let count = export.write(&mut out, |count| progress.set(count)).map_err(failed)?;
        out.flush().map_err(CliError::Output)?;
        drop(out);
        draft.publish().map_err(DaemonError::from)?;
        count
    };
    drop(progress);
    context.out.note(format_args!(
        "{count} subscriptions; whoever has this can send to them: keep it as a secret"
    ));
    Ok(())
}
