//! `fanfare restore`: puts a backup in the place of the database, while no daemon runs.

use std::path::PathBuf;

use serde_json::json;

use super::CliError;
use super::context::Context;
use crate::daemon::{DaemonError, restore};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The backup, or - for standard input
    file: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, context: &mut Context<'_, '_>) -> Result<(), CliError> {
    let storage = context.config()?.storage;
    let done = restore::restore(&storage, &args.file, &mut std::io::stdin().lock())
        .map_err(DaemonError::from)?;
    let restored = done.restored;
    if args.json {
        context.out.json(&json!({
            "subscriptions": restored.subscriptions,
            "open": restored.open,
            "kept": done.kept,
        }));
        return Ok(());
    }
    context.out.note(format_args!(
        "restored: {} subscriptions, and {} notifications that are open and go on at the next start. What was open when \
         the backup was made and has been delivered since is sent again; who unsubscribed since is subscribed again; what \
         was accepted since is not in it",
        restored.subscriptions, restored.open,
    ));
    if let Some(kept) = done.kept {
        let kept = kept.display();
        context.out.note(format_args!(
            "the database that was here is kept as {kept}: delete it when you no longer need it, or bring it back with \
             `fanfare restore {kept}`"
        ));
    }
    Ok(())
}
