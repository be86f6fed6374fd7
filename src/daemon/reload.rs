//! The daemon while it runs, with the configuration that it heeds: SIGHUP has it read again. What is wrong in it changes
//! nothing; what can change while the daemon runs does, and what needs a restart is said.

use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::web;

use super::service_manager::ServiceManager;
use super::signals::{Signals, Told};
use super::{DaemonError, ExitStatus, allowed, first_run, http_options, patience};
use crate::clock::Clock;
use crate::config::change::{Change, Heeded, changes, heed};
use crate::config::sources::Invocation;
use crate::config::{Config, Loaded};
use crate::http::State;
use crate::push::egress::Egress;
use crate::store::sqlite::SqliteStore;
use crate::webpush::vapid::VapidSigner;

/// The parts of a daemon that can be told of another configuration.
pub(super) struct Parts {
    pub(super) store: Arc<SqliteStore>,
    pub(super) state: web::Data<State>,
    pub(super) signer: Arc<VapidSigner>,
    pub(super) egress: Arc<Egress>,
}

/// A daemon that runs.
pub(super) struct Live {
    pub(super) invocation: Invocation,
    /// What it runs with.
    pub(super) config: Config,
    pub(super) bound: SocketAddr,
    pub(super) parts: Parts,
}

impl Live {
    /// Runs until it is told to end, or until the tree says that it cannot go on.
    pub(super) async fn run(
        &mut self,
        signals: &mut Signals,
        manager: &ServiceManager,
    ) -> ExitStatus {
        let tree = self.parts.state.tree.clone();
        loop {
            let told = tokio::select! {
                told = signals.next() => told,
                () = tree.failed() => return ExitStatus::Failed,
            };
            match told {
                Told::End => return ExitStatus::Stopped,
                Told::Reload => {
                    manager.reloading();
                    self.reload().await;
                    let public_url = self.parts.state.options().public_url.clone();
                    manager.ready(&format!("listens on {public_url}"));
                }
            }
        }
    }

    async fn reload(&mut self) {
        let loaded = self.invocation.gather().and_then(|sources| Config::load(&sources));
        let done = match loaded {
            Ok(loaded) => self.heed(loaded).await.map_err(|error| error.to_string()),
            Err(errors) => Err(errors.to_string()),
        };
        if let Err(why) = done {
            tracing::error!("SIGHUP: nothing was changed: {why}");
        }
    }

    /// What can fail comes first, so that a configuration that does changes nothing.
    async fn heed(&mut self, loaded: Loaded) -> Result<(), DaemonError> {
        let changes = changes(&self.config, &loaded.config);
        let config = heed(&self.config, loaded.config);
        let patience = patience(&config)?;
        self.parts.egress.heed(&allowed(&config), config.egress.known_only)?;
        let Parts { store, state, signer, .. } = &self.parts;
        state.tree.heed(patience);
        state.heed(http_options(&config, self.bound));
        store.keep_finished_for(config.storage.retention);
        // What was signed with the same contact need not be signed again.
        if self.config.vapid_subject != config.vapid_subject {
            signer.heed(config.vapid_subject.clone());
        }
        if self.config.log != config.log {
            // It was checked when it was read.
            if let Err(why) = state.observer.log.level.configure(&config.log.filter) {
                tracing::error!("log {why}");
            }
        }
        let kept = self.keep(&config).await;
        let earlier = std::mem::replace(&mut self.config, config);
        if kept.is_err() {
            // They differ the next time, too.
            self.config.demo = earlier.demo;
            self.config.bootstrap_key = earlier.bootstrap_key;
        }
        for warning in &loaded.warnings {
            tracing::warn!("{warning}");
        }
        say(&changes);
        if let Err(error) = kept {
            tracing::error!(%error, "demo and bootstrap_key could not be written: send SIGHUP again");
        }
        Ok(())
    }

    /// Writes what the database has of the configuration, if that has changed: an operator may have set it otherwise since.
    async fn keep(&self, config: &Config) -> Result<(), DaemonError> {
        let now = &self.config;
        if now.demo != config.demo || now.bootstrap_key != config.bootstrap_key {
            first_run::prepare(&*self.parts.store, config, self.bound, Clock::System).await?;
        }
        Ok(())
    }
}

fn say(changes: &[Change]) {
    let listed = |when: Heeded| {
        let of_then = changes.iter().filter(|change| change.heeded == when);
        of_then.map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    let (live, at_start) = (listed(Heeded::Live), listed(Heeded::AtStart));
    match live.as_str() {
        "" => tracing::info!("SIGHUP: nothing has changed that can change while the daemon runs"),
        live => tracing::info!("SIGHUP: changed {live}"),
    }
    if !at_start.is_empty() {
        tracing::warn!("SIGHUP: these hold from the next start: {at_start}");
    }
}
