//! The deletion brake: a wave of departures is held back, whoever is held back misses nothing that could have reached
//! them later, and an operator undoes or applies it.

mod api;
mod daemon;
mod refused;
mod resolved;
mod sums;
mod unheard;
mod wave;
mod window;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fanfare::id::AppId;
use fanfare::store::quarantine::{
    QuarantineQuery, QuarantineView, Quarantines, Resolution, Resolve, ResolveReply,
};
use fanfare::store::sqlite::SqliteStore;

use crate::harness::house::now;
use crate::harness::push_service::{Answer, PushService};

/// Says 410 to the tokens `0` to `count`, and 201 to all others; another count may be set later.
fn disowns(service: &PushService, count: usize) -> Arc<AtomicUsize> {
    let below = Arc::new(AtomicUsize::new(count));
    let disowned = Arc::clone(&below);
    service.answer_with(move |request| {
        let number: usize = request.token.parse().unwrap();
        let gone = number < disowned.load(Ordering::Relaxed);
        Answer::status(if gone { 410 } else { 201 })
    });
    below
}

/// The incidents of an app.
async fn quarantines(store: &SqliteStore, app: AppId) -> Vec<QuarantineView> {
    store.quarantines(QuarantineQuery { app, after: 0, limit: 100 }).await.unwrap()
}

/// Says what becomes of an incident; answers how many have been moved.
async fn resolve(
    store: &SqliteStore,
    app: AppId,
    quarantine: &QuarantineView,
    resolution: Resolution,
) -> i64 {
    let command = Resolve { app, id: quarantine.id.clone(), resolution, limit: None, now: now() };
    match store.resolve(command).await.unwrap() {
        ResolveReply::Resolved { view, done } => {
            assert!(done, "all of it was asked for");
            view.moved
        }
        refused @ (ResolveReply::Unknown | ResolveReply::Otherwise(_)) => panic!("{refused:?}"),
    }
}
