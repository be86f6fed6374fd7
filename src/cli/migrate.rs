//! `fanfare migrate`: brings the database up to date, or creates it.

use super::CliError;
use super::context::Context;
use crate::daemon;

pub(super) fn run(context: &mut Context<'_, '_>) -> Result<(), CliError> {
    let ran = daemon::migrate(&context.config()?)?;
    match ran.len() {
        0 => context.out.note("the database was up to date"),
        count => {
            context.out.note(format_args!("the database is up to date: {count} migrations ran"))
        }
    }
    Ok(())
}
