//! What every command has at hand: the configuration, the way to the daemon, and the output.

use std::collections::BTreeMap;

use http::{HeaderValue, Method};
use serde_json::Value;

use super::flags::Flags;
use super::output::Output;
use super::{CliError, path};
use crate::config::Config;
use crate::config::sources::{Invocation, Machine};
use crate::control::{Call, ControlClient};
use crate::daemon::{self, Guard};

/// The app that a command is about.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct AppFlag {
    /// The app
    #[arg(long = "app", value_name = "APP", default_value = "default")]
    pub(super) name: String,
}

/// What a command works with.
pub(super) struct Context<'a, 'out> {
    flags: Flags,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) out: &'a mut Output<'out>,
}

impl<'a, 'out> Context<'a, 'out> {
    pub(super) fn new(
        flags: Flags,
        environment: BTreeMap<String, String>,
        out: &'a mut Output<'out>,
    ) -> Self {
        Self { flags, environment, out }
    }

    /// What the configuration is read from.
    pub(super) fn invocation(&self) -> Invocation {
        Invocation {
            config: self.flags.config.clone(),
            environment: self.environment.clone(),
            flags: self.flags.values(),
            machine: Machine::here(),
        }
    }

    /// The configuration; what was ignored in it is said on standard error.
    pub(super) fn config(&mut self) -> Result<Config, CliError> {
        let loaded = Config::load(&self.invocation().gather()?)?;
        for warning in loaded.warnings {
            self.out.note(format_args!("warning: {warning}"));
        }
        Ok(loaded.config)
    }

    /// Makes one call to the daemon of the data directory.
    pub(super) fn call(&mut self, app: &AppFlag, call: Call) -> Result<Value, CliError> {
        self.with_daemon(app, async |daemon| daemon.call(call).await)
    }

    /// Reads a list to its end; `path` has no query but perhaps a filter, after its `?`.
    pub(super) fn list(&mut self, app: &AppFlag, path: &str) -> Result<Vec<Value>, CliError> {
        let separator = if path.contains('?') { '&' } else { '?' };
        self.with_daemon(app, async |daemon| {
            let mut items = Vec::new();
            let mut cursor = Value::Null;
            loop {
                let page = match cursor.as_str() {
                    Some(at) => format!("{path}{separator}cursor={}", path::segment(at)),
                    None => path.to_owned(),
                };
                let mut answer = daemon.call(Call::new(Method::GET, page)).await?;
                if let Some(page) = answer["items"].as_array_mut() {
                    items.append(page);
                }
                let next = answer["next"].take();
                // The same cursor again would be read for ever.
                if next.is_null() || next == cursor {
                    return Ok(items);
                }
                cursor = next;
            }
        })
    }

    /// Does `work` with the daemon that runs, or with one that is started for it and stopped after.
    pub(super) fn with_daemon<T>(
        &mut self,
        app: &AppFlag,
        work: impl AsyncFnOnce(&mut Daemon) -> Result<T, CliError>,
    ) -> Result<T, CliError> {
        let config = self.config()?;
        let app = header(&app.name)?;
        block_on(async {
            let mut daemon = Daemon::reach(&config, app).await?;
            let done = work(&mut daemon).await;
            daemon.release().await;
            done
        })
    }
}

/// A daemon that can be called.
pub(super) struct Daemon {
    client: ControlClient,
    /// Ours, when none was running.
    guard: Option<Guard>,
}

impl Daemon {
    async fn reach(config: &Config, app: HeaderValue) -> Result<Self, CliError> {
        let socket = config.storage.control_socket();
        if let Some(client) = ControlClient::connect(&socket, Some(app.clone())).await? {
            return Ok(Self { client, guard: None });
        }
        let started = daemon::start_for_command(config).await;
        let connected = ControlClient::connect(&socket, Some(app)).await?;
        match (connected, started) {
            (Some(client), Ok(guard)) => Ok(Self { client, guard: Some(guard) }),
            // Another command was a moment faster and started one: its will do.
            (Some(client), Err(_)) => Ok(Self { client, guard: None }),
            (None, Err(error)) => Err(error.into()),
            (None, Ok(guard)) => {
                guard.stop().await;
                let socket = socket.display();
                Err(CliError::Failed(format!(
                    "{socket} did not appear; look at data_dir's permissions"
                )))
            }
        }
    }

    /// Makes one call.
    pub(super) async fn call(&mut self, call: Call) -> Result<Value, CliError> {
        Ok(self.client.call(call).await?)
    }

    async fn release(self) {
        // The connection goes first: a daemon that stops waits for those that are open.
        drop(self.client);
        if let Some(guard) = self.guard {
            guard.stop().await;
        }
    }
}

/// A header's value from an argument.
pub(super) fn header(text: &str) -> Result<HeaderValue, CliError> {
    HeaderValue::from_str(text).map_err(|_| {
        CliError::Usage(format!(
            "{text:?} has characters that a header cannot carry; leave them out"
        ))
    })
}

/// Runs a command's work on this thread.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(CliError::Runtime)?.block_on(work)
}
