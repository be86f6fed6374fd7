//! `--server` and `--key`: a command that can be for a daemon elsewhere as well.

use url::Url;

use super::CliError;
use super::context::Context;
use super::remote::{self, Remote};
use crate::config::secret::{self, Secret};

/// Where the daemon is, if not here.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Elsewhere {
    /// A daemon elsewhere [env: FANFARE_SERVER]
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// An API key of its, for --server [env: FANFARE_KEY or FANFARE_KEY_FILE]
    #[arg(long, value_name = "KEY")]
    key: Option<Secret>,
}

impl Elsewhere {
    /// The daemon elsewhere; `None`: the one of the data directory is meant.
    pub(super) fn reach(&self, context: &mut Context<'_, '_>) -> Result<Option<Remote>, CliError> {
        // Compose files set what they leave open to the empty string: that is the same as unset.
        let set = context.environment.get("FANFARE_SERVER").filter(|value| !value.is_empty());
        let Some(server) = self.server.clone().or_else(|| set.cloned()) else {
            return Ok(None);
        };
        let server: Url = remote::parse_server(&server)
            .map_err(|problem| CliError::Usage(format!("--server {server:?}: {problem}")))?;
        let key = match self.key.clone() {
            Some(key) => Some(key),
            None => {
                secret::from_environment(&context.environment, "FANFARE_KEY")?.map(|(_, key)| key)
            }
        };
        let key = key.ok_or_else(|| {
            CliError::Usage(
                "--server needs a key; set FANFARE_KEY, FANFARE_KEY_FILE or --key".into(),
            )
        })?;
        if remote::exposes_key(&server) {
            context
                .out
                .note("warning: the key goes over plain http, where others can read it; use https");
        }
        Remote::new(server, &key).map(Some)
    }
}
