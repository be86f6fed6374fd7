//! One subscription that its push service refuses while its siblings are served.

use fanfare::id::PublicId;
use fanfare::model::{EndpointState, Outcome, Settlement};
use fanfare::store::Store;
use fanfare::store::quarantine::{Cause, Resolution};

use super::{quarantines, resolve};
use crate::harness::ledger::{Ledger, START};

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
    assert_eq!(ledger.load(app, &ids[0], START).await.subscription.generation.0, 2);
    let settlement = ledger.settlement(app, &ids[2], START).await;
    let outcome = Some(Outcome::Rejected);
    ledger.settle(Settlement { outcome, endpoint: EndpointState::Refused, ..settlement }).await;
    assert_eq!(quarantines(&ledger.store, app).await.len(), 2, "another incident");
}

#[actix_web::test]
async fn what_is_said_of_the_refused_does_not_make_the_brake_forget_who_went() {
    let ledger = Ledger::open().await;
    let app = ledger.app;
    let ids = ledger.crowd(app, 200).await;
    ledger.publish(app, START).await;
    ledger.go(app, &ids[..100], START).await;
    let settlement = ledger.settlement(app, &ids[199], START).await;
    let outcome = Some(Outcome::Rejected);
    ledger.settle(Settlement { outcome, endpoint: EndpointState::Refused, ..settlement }).await;
    let refused = quarantines(&ledger.store, app).await.remove(0);
    resolve(&ledger.store, app, &refused, Resolution::Undone).await;
    ledger.go(app, &ids[100..101], START).await;
    let found = quarantines(&ledger.store, app).await;
    assert_eq!(found.len(), 2);
    assert_eq!((found[1].cause, found[1].subscriptions), (Cause::Gone, 101));
}
