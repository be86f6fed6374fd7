//! One subscription that its push service refuses while its siblings are served.

use fanfare::id::PublicId;
use fanfare::model::{EndpointState, Outcome, Settlement};
use fanfare::store::Store;
use fanfare::store::quarantine::{Cause, Resolution};

use super::ledger::{Ledger, START};
use super::{quarantines, resolve};

#[actix_web::test]
async fn a_subscription_that_is_refused_alone_is_held_back_and_its_deliveries_are_rejected() {
    let ledger = Ledger::open().await;
    let app = ledger.app;
    let ids = ledger.crowd(app, 3).await;
    let sent = [ledger.publish(app, START).await, ledger.publish(app, START).await];
    for id in &ids[..2] {
        let settlement = ledger.settlement(app, id, START).await;
        let outcome = Some(Outcome::Rejected);
        let endpoint = EndpointState::Refused;
        ledger.settle(Settlement { outcome, endpoint, ..settlement }).await;
    }
    for accepted in &sent {
        let id = PublicId::from_store(accepted.id.clone());
        let view = ledger.store.notification(app, id).await.unwrap().unwrap();
        let rejected = view.outcomes.get(Outcome::Rejected);
        assert_eq!((rejected, view.pending()), (2, 1), "{view:?}");
    }
    let found = quarantines(&ledger.store, app).await;
    assert_eq!(found.len(), 1, "the second joins the first: {found:?}");
    assert_eq!((found[0].cause, found[0].subscriptions), (Cause::Refused, 2));
    assert_eq!(ledger.members(app).await, 1);
    let view = ledger.store.subscription(app, ids[0].clone(), START).await.unwrap().unwrap();
    assert_eq!(view.quarantine, Some(found[0].id.clone()));

    assert_eq!(resolve(&ledger.store, app, &found[0], Resolution::Undone).await, 2);
    assert_eq!(ledger.members(app).await, 3);
    let settlement = ledger.settlement(app, &ids[2], START).await;
    let outcome = Some(Outcome::Rejected);
    ledger.settle(Settlement { outcome, endpoint: EndpointState::Refused, ..settlement }).await;
    assert_eq!(quarantines(&ledger.store, app).await.len(), 2, "another incident");
}
