//! The guard before every act of an operator: who may, whether acting is configured at all, and a row in the audit log
//! that is on disk before anything is done. Where the row cannot be written, the act is refused (503).
//!
//! - [`permit`]: all of it, for what changes no table of its own.
//! - [`entry`]: all but the writing, where the act is itself a change of the store: that change takes the row with it.
//! - [`record`]: as [`permit`], also where acting is not configured.

use actix_web::{HttpMessage, HttpRequest};

use super::answer::RequestId;
use super::auth::{Caller, Credential};
use super::connection::client_address;
use super::problem::{Problem, ProblemKind};
use super::state::State;
use crate::store::audit::{Act, AuditEntry};

/// What the control socket is called where others have a key.
const CONTROL_SOCKET: &str = "control socket";

/// Characters of a target that are written down: more than a channel's name and its app's have.
const LONGEST_TARGET: usize = 500;

/// Whether this caller may act at all: before a body is read.
pub fn may(caller: &Caller, state: &State) -> Result<(), Problem> {
    caller.require_instance()?;
    if state.options().acting {
        return Ok(());
    }
    let detail = "acting is off: start the daemon with `--observe-acting true`, or write `observe_acting = true` in \
                  fanfare.toml and send SIGHUP";
    Err(Problem::new(ProblemKind::ActingOff, detail))
}

/// Lets the caller act, and writes down that it does.
pub async fn permit(
    caller: &Caller,
    state: &State,
    req: &HttpRequest,
    act: Act,
    target: impl Into<String>,
) -> Result<(), Problem> {
    let entry = entry(caller, state, req, act, target)?;
    write_down(state, entry).await
}

/// Lets the caller act, and says what is to be written down in the transaction that does it.
pub fn entry(
    caller: &Caller,
    state: &State,
    req: &HttpRequest,
    act: Act,
    target: impl Into<String>,
) -> Result<AuditEntry, Problem> {
    may(caller, state)?;
    Ok(entry_of(caller, state, req, act, target.into()))
}

/// Lets the instance's admin act, whether or not acting is configured, and writes down that it does.
pub async fn record(
    caller: &Caller,
    state: &State,
    req: &HttpRequest,
    act: Act,
    target: impl Into<String>,
) -> Result<(), Problem> {
    caller.require_instance()?;
    write_down(state, entry_of(caller, state, req, act, target.into())).await
}

async fn write_down(state: &State, entry: AuditEntry) -> Result<(), Problem> {
    state.store.audit(entry.clone()).await?;
    tell(&entry);
    Ok(())
}

/// Has the log say what the audit log has. Whoever wrote an [`entry`] calls it then.
pub fn tell(AuditEntry { key, title, address, act, target, .. }: &AuditEntry) {
    let from = address.as_ref().map(tracing::field::display); // none over the control socket
    tracing::info!(key, title, address = from, act = act.label(), target, "an operator acts");
}

fn entry_of(
    caller: &Caller,
    state: &State,
    req: &HttpRequest,
    act: Act,
    target: String,
) -> AuditEntry {
    let target: String = target.chars().take(LONGEST_TARGET).collect();
    let (key, title) = match caller.credential() {
        Credential::ApiKey(key) => (key.id.to_string(), key.title.clone()),
        // None of the others is the instance's admin.
        Credential::Control | Credential::Token(_) | Credential::Secret(_) | Credential::Public => {
            (CONTROL_SOCKET.to_owned(), String::new())
        }
    };
    let request = req.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    let address = client_address(req, &state.options().trusted_proxies);
    AuditEntry { at: state.now(), key, title, address, act, target, request }
}
