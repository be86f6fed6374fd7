//! `fanfare [serve]`: runs the daemon.

use super::CliError;
use super::context::Context;
use crate::daemon::{self, ExitStatus};

pub(super) fn run(context: &mut Context<'_, '_>) -> Result<ExitStatus, CliError> {
    let config = context.config()?;
    Ok(daemon::serve(context.invocation(), config)?)
}
