//! Whom `top` asks: the daemon of the data directory over its control socket, or one elsewhere.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::state::Question;
use crate::cli::CliError;
use crate::cli::remote::Remote;
use crate::control::{ApiError, Call, ControlClient};

/// A daemon that is watched.
pub(super) enum Source {
    /// Of the data directory, with the connection while there is one: a daemon that restarts is found again.
    Here(PathBuf, Option<ControlClient>),
    /// Elsewhere.
    There(Box<Remote>),
}

impl Source {
    /// The daemon elsewhere, or the one that runs here.
    pub(super) async fn open(remote: Option<Remote>, socket: &Path) -> Result<Self, CliError> {
        if let Some(remote) = remote {
            return Ok(Self::There(Box::new(remote)));
        }
        match ControlClient::connect(socket, None).await? {
            Some(client) => Ok(Self::Here(socket.to_owned(), Some(client))),
            None => Err(CliError::Failed(format!(
                "no daemon runs here ({} is not served): start one, name its data directory with --data-dir, \
                 or watch one elsewhere with --server",
                socket.display()
            ))),
        }
    }

    /// Asks, and says in words why there is no answer.
    pub(super) async fn ask(&mut self, question: &Question) -> Result<Value, String> {
        self.call(question.call()).await.map_err(|error| error.to_string())
    }

    async fn call(&mut self, call: Call) -> Result<Value, CliError> {
        match self {
            Self::There(remote) => remote.call(call).await,
            Self::Here(socket, client) => {
                if client.is_none() {
                    *client = ControlClient::connect(socket, None).await?;
                }
                let Some(open) = client else {
                    return Err(CliError::Failed(
                        "the daemon has ended; waiting for the next".into(),
                    ));
                };
                let answer = open.call(call).await;
                if let Err(ApiError::Connection { .. } | ApiError::TimedOut { .. }) = &answer {
                    *client = None;
                }
                Ok(answer?)
            }
        }
    }
}
