//! How Root and the supervisors are asked: with a bound on the wait, and about many children in steps. To walk past a hundred
//! thousand in one turn would keep everybody else on its thread waiting; between two steps others have theirs.

use std::sync::Arc;
use std::time::Duration;

use actix::dev::ToEnvelope;
use actix::{Actor, Handler, Message};
use tokio::time::timeout;

use super::selection::{Query, Selection};
use super::{ListChildren, LookAtChildren};
use crate::tree::postbox::Postbox;

/// How long whoever looks waits for a supervisor: longer than any turn should take.
const ANSWER: Duration = Duration::from_secs(2);

/// Children that a supervisor looks at in one turn: about a millisecond's worth.
const STEP: usize = 1024;

/// Asks something; `None`: there was no answer in time.
pub(super) async fn ask<A, M>(postbox: &Postbox<A>, message: M) -> Option<M::Result>
where
    M: Message + Send + 'static,
    M::Result: Send,
    A: Actor + Handler<M>,
    A::Context: ToEnvelope<A, M>,
{
    timeout(ANSWER, postbox.ask(message)).await.ok()?.ok()
}

/// Those of a supervisor's children that are on the screen.
pub(super) async fn select<A>(postbox: &Postbox<A>, query: &Arc<Query>) -> Option<Selection>
where
    A: Actor + Handler<ListChildren> + Handler<LookAtChildren>,
    A::Context: ToEnvelope<A, ListChildren> + ToEnvelope<A, LookAtChildren>,
{
    let children = ask(postbox, ListChildren).await?;
    let mut selection = Selection::default();
    for among in children.chunks(STEP) {
        let message = LookAtChildren { query: Arc::clone(query), among: among.to_vec() };
        selection.merge(ask(postbox, message).await?, query);
    }
    Some(selection)
}

#[cfg(test)]
mod tests;
