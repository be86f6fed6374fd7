//! `fanfare migrate`: brings the database up to date, or creates it.

use super::CliError;
use super::context::Context;
use crate::daemon;

pub(super) fn run(context: &mut Context<'_, '_>) -> Result<(), CliError> {
    daemon::migrate(&context.config()?)?;
    context.out.note("the database is up to date");
    Ok(())
}
