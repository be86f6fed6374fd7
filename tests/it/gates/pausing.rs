//! A push service that an operator pauses: nothing is sent there, nobody else waits, and after the resume all goes out,
//! once and in order.

use std::collections::HashMap;
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use fanfare::clock::Timestamp;
use fanfare::id::{AppId, PublicId};
use fanfare::model::EndpointState;
use fanfare::store::Store;
use fanfare::store::audit::{Act, AuditEntry};
use fanfare::store::directory::DirectoryChange;
use fanfare::store::pause::{PARKED, Subject, is_parked};
use fanfare::store::work::Share;
use fanfare::tree::TestReply;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{assert_all_accepted, gate, taken};
use crate::harness::browser::Browser;
use crate::harness::daemon::{Daemon, Home};
use crate::harness::house::{House, eventually, now, one, outcome};
use crate::harness::ledger::{Ledger, START, after};
use crate::harness::push_service::{Answer, PushService};

const ALL: Share = Share { index: 0, of: 1 };

async fn start(home: Home, services: [&PushService; 2]) -> Daemon {
    let mut command = home.command(services[0]);
    command.args(["--observe-acting", "true", "--egress-allow", services[1].authority()]);
    home.start_with(command).await
}

async fn act(daemon: &Daemon, act: &str, service: &PushService) {
    let path = format!("/v1/observe/push-services/{act}");
    let body = json!({ "origin": service.origin() });
    let answer = daemon.call(Method::POST, &path).json(&body).send().await;
    assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
    assert_eq!(answer.json(), json!({ "origin": service.origin(), "paused": act == "pause" }));
}

/// What the page says of a push service.
pub(super) async fn shown(daemon: &Daemon, service: &PushService) -> Value {
    let page = daemon.call(Method::GET, "/v1/observe/push-services").send().await.json();
    let mut items = page["items"].as_array().unwrap().iter();
    items.rfind(|item| item["origin"] == service.origin()).unwrap().clone()
}

/// How many subscriptions wait for an operator's word.
fn parked(database: &std::path::Path) -> i64 {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let mut connection = SqliteConnection::establish(database.to_str().unwrap()).unwrap();
    let query = "SELECT count(*) AS count FROM subscription WHERE not_before > ?";
    let rows = diesel::sql_query(query).bind::<BigInt, _>(PARKED.as_millis());
    rows.get_result::<Count>(&mut connection).unwrap().count
}

async fn accepted(daemon: &Daemon, id: &str) -> u64 {
    let path = format!("/v1/notifications/{id}");
    let status = daemon.call(Method::GET, &path).send().await.json();
    status["outcomes"]["accepted"].as_u64().unwrap()
}

#[actix_web::test]
async fn a_push_service_that_is_paused_in_the_midst_of_a_fan_out_gets_the_rest_after_the_resume_once_and_in_order()
 {
    const THERE: usize = 200;
    const ELSEWHERE: usize = 100;
    let (service, other) = (PushService::start(), PushService::start());
    service.answer_all(Answer::Hold);
    let daemon = start(Home::new(), [&service, &other]).await;
    let browsers: Vec<_> = (0..THERE).map(|_| Browser::new()).collect();
    daemon.crowd(&service, "news", &browsers).await;
    let others: Vec<_> = (0..ELSEWHERE).map(|_| Browser::new()).collect();
    daemon.crowd(&other, "news", &others).await;

    let mut sent = vec![daemon.notify("news", "one").await];
    service.wait_for(10).await;
    act(&daemon, "pause", &service).await;
    // What is under way is settled: every request that came is an accepted one.
    service.answer_all(Answer::status(201));
    service.release_all();
    eventually("what was under way has ended", || async {
        let gate = shown(&daemon, &service).await;
        assert_eq!(gate["state"], "paused");
        (gate["in_flight"] == 0).then_some(())
    })
    .await;
    let before = service.requests();
    assert!(before < THERE as u64, "it was paused in the midst");
    sent.push(daemon.notify("news", "two").await);
    for (id, there) in sent.iter().zip([before, 0]) {
        eventually("whoever is elsewhere has it", || async {
            (accepted(&daemon, id).await == there + ELSEWHERE as u64).then_some(())
        })
        .await;
    }
    eventually("all who are there wait for the operator", || async {
        (parked(&daemon.home().database()) == THERE as i64).then_some(())
    })
    .await;
    let members = daemon.call(Method::GET, "/v1/channels/news/subscriptions?limit=1").send().await;
    let member = &members.json()["items"][0];
    assert_eq!((&member["state"], &member["next_attempt"]), (&json!("waiting"), &Value::Null));

    let daemon = start(daemon.kill(), [&service, &other]).await;
    let gate = shown(&daemon, &service).await;
    assert_eq!((&gate["state"], &gate["subscriptions"]), (&json!("paused"), &json!(THERE)));
    assert!(gate["paused"]["by"].as_str().unwrap().starts_with("key_"), "{gate}");
    sent.push(daemon.notify("news", "three").await);
    eventually("whoever is elsewhere has the third", || async {
        (accepted(&daemon, &sent[2]).await == ELSEWHERE as u64).then_some(())
    })
    .await;
    assert_eq!(service.requests(), before, "nothing was sent there");

    act(&daemon, "resume", &service).await;
    for id in &sent {
        let outcomes = &daemon.finished(id).await["outcomes"];
        assert_eq!(outcomes["accepted"], THERE + ELSEWHERE, "{outcomes}");
    }
    for (index, browser) in browsers.iter().enumerate() {
        let texts = taken(&service, &index.to_string(), browser, 0);
        let bodies: Vec<_> = texts.iter().map(|text| super::vapid_key::body_of(text)).collect();
        assert_eq!(bodies, ["one", "two", "three"], "{index}");
    }
    assert_eq!(shown(&daemon, &service).await["paused"], Value::Null);
    assert_eq!(parked(&daemon.home().database()), 0);
    let audit = daemon.call(Method::GET, "/v1/observe/audit").send().await.json();
    let acts: Vec<_> = audit["items"].as_array().unwrap().iter().map(|row| &row["act"]).collect();
    assert_eq!(acts, ["resume-origin", "pause-origin"]);
}

/// As an operator at the control socket.
async fn set(house: &House, service: &PushService, pauses: bool) {
    set_in(&*house.store, &service.origin(), pauses).await;
}

async fn set_in(store: &dyn Store, origin: &str, pauses: bool) {
    let entry = AuditEntry {
        at: now(),
        key: "control socket".to_owned(),
        title: String::new(),
        address: None,
        act: if pauses { Act::PauseOrigin } else { Act::ResumeOrigin },
        target: origin.to_owned(),
        request: String::new(),
    };
    let subject = Subject::Origin(origin.to_owned());
    let change = DirectoryChange::SetPause { subject, pauses, entry };
    store.change_directory(change).await.unwrap().unwrap();
}

async fn waits_for_the_operator(house: &House, id: &PublicId) -> Timestamp {
    eventually("it waits for the operator", || async {
        house.subscription(id).await.not_before.filter(|time| is_parked(*time))
    })
    .await
}

#[actix_web::test]
async fn what_expires_while_its_push_service_pauses_expires_when_its_time_has_come_and_counts_no_attempt()
 {
    let (service, house, id) = one().await;
    set(&house, &service, true).await;
    let before = now();
    let short = house.notify_for("news", "short", Duration::from_secs(1)).await;
    let long = house.notify("news", "long").await;
    let until = waits_for_the_operator(&house, &id).await;
    assert_eq!(house.outcomes(&short.id).await, outcome("expired"));
    assert!(now() >= before + Duration::from_secs(1), "not before");
    assert_eq!(house.subscription(&id).await.not_before, Some(until), "it was written once");
    assert_eq!(house.status(&long.id).await.pending(), 1);
    assert_eq!(house.metrics.retries.get(), 0);
    let row = house.store.subscription_row(house.app, id.clone()).await.unwrap().unwrap();
    let load = house.store.load(row.id, now()).await.unwrap().unwrap();
    assert_eq!((load.failures, load.trying.unwrap().attempts), (0, 0));
    set(&house, &service, false).await;
    assert_eq!(house.outcomes(&long.id).await, outcome("accepted"));
    assert_eq!(service.requests(), 1);
    house.stop().await;
}

#[actix_web::test]
async fn a_push_service_that_is_paused_again_at_once_is_sent_nothing_in_between() {
    let (service, house, id) = one().await;
    set(&house, &service, true).await;
    let sent = house.notify("news", "text").await;
    let first = waits_for_the_operator(&house, &id).await;
    set(&house, &service, false).await;
    set(&house, &service, true).await;
    eventually("it waits for the second pause", || async {
        let until = house.subscription(&id).await.not_before;
        until.filter(|until| is_parked(*until) && *until != first)
    })
    .await;
    assert_eq!(service.requests(), 0);
    gate(&house, &service, "it pauses", |gate| gate.state == "paused").await;
    let subscription = house.store.subscription_row(house.app, id).await.unwrap().unwrap();
    let reply =
        house.tree.send_test(subscription, fanfare::model::Payload::new(b"test".to_vec())).await;
    assert!(matches!(reply, TestReply::Unavailable(_)), "{reply:?}");
    set(&house, &service, false).await;
    assert_all_accepted(&house, &sent.id, 1).await;
    assert_eq!(service.requests(), 1);
    house.stop().await;
}

#[actix_web::test]
async fn those_who_stand_in_line_before_a_push_service_that_is_paused_go_home_and_keep_nobody_waiting()
 {
    let (service, other) = (PushService::start(), PushService::start());
    service.answer_all(Answer::Hold);
    let house = House::with(&[&service, &other], |options| options.credits = 128).await;
    house.crowd(&service, "news", 300).await;
    let first = house.notify("news", "first").await;
    // As many as may be under way, whose answers do not come; the others stand in line, or were sent away.
    service.wait_for(64).await;
    set(&house, &service, true).await;
    service.release_all();
    service.answer_all(Answer::status(201));
    gate(&house, &service, "nobody is there", |gate| gate.in_flight == 0 && gate.waiting == 0)
        .await;
    eventually("the others wait for the operator", || async {
        let there = usize::try_from(service.requests()).unwrap();
        (parked(&house.database()) == (300 - there) as i64).then_some(())
    })
    .await;
    assert!(service.requests() <= 64 + 2, "{}", service.requests());
    // All credits are free again.
    house.crowd(&other, "other", 300).await;
    let second = house.notify("other", "second").await;
    assert_all_accepted(&house, &second.id, 300).await;
    set(&house, &service, false).await;
    assert_all_accepted(&house, &first.id, 300).await;
    assert_eq!(service.requests(), 300, "each of them once");
    house.stop().await;
}

/// Has them wait for a pause.
async fn park(ledger: &Ledger, app: AppId, ids: &[PublicId], until: Timestamp) {
    for id in ids {
        let settlement = ledger.settlement(app, id, START).await;
        let endpoint = EndpointState::Waiting {
            not_before: until,
            failures: 0,
            attempts: 0,
            unheard_since: None,
        };
        ledger.settle(fanfare::model::Settlement { endpoint, ..settlement }).await;
    }
}

async fn due(ledger: &Ledger) -> Vec<Timestamp> {
    let due = ledger.store.due(ALL, None, 1000).await.unwrap();
    due.into_iter().map(|due| due.not_before).collect()
}

#[actix_web::test]
async fn those_who_waited_for_a_pause_come_back_in_batches_one_after_the_other_and_nobody_else_does()
 {
    let mut ledger = Ledger::open().await;
    let app = ledger.app;
    let ids = ledger.crowd(app, 503).await;
    ledger.publish(app, START).await;
    for origin in ["https://one.example", "https://two.example"] {
        set_in(&*ledger.store, origin, true).await;
        set_in(&*ledger.store, origin, true).await;
    }
    let pauses = ledger.store.directory().pauses.origins.clone();
    let [one, two] = ["one", "two"].map(|name| pauses[&format!("https://{name}.example")].clone());
    assert_ne!(one.parked_until, two.parked_until);
    park(&ledger, app, &ids[..3], one.parked_until).await;
    park(&ledger, app, &ids[3..], two.parked_until).await;
    ledger.upkeep(after(Duration::from_secs(60))).await;
    assert!(due(&ledger).await.into_iter().all(is_parked), "both pause");

    set_in(&*ledger.store, "https://two.example", false).await;
    let resumed = after(Duration::from_secs(90));
    assert_eq!(ledger.store.upkeep(resumed, 200).await.unwrap(), 200, "there may be more");
    // Whoever ends in the midst of it goes on from there.
    ledger = ledger.reopen();
    assert_eq!(ledger.store.upkeep(resumed, 200).await.unwrap(), 200);
    assert_eq!(ledger.store.upkeep(resumed, 200).await.unwrap(), 100);
    ledger.upkeep(resumed).await;
    let times = due(&ledger).await;
    let (parked, back): (Vec<_>, Vec<_>) = times.into_iter().partition(|time| is_parked(*time));
    assert_eq!(parked, [one.parked_until; 3]);
    let mut each = HashMap::new();
    for time in &back {
        *each.entry(time.since(resumed).as_millis()).or_insert(0) += 1;
    }
    assert_eq!(back.len(), 500);
    assert!(each.values().all(|count| *count <= 4), "two in a millisecond, twice: {each:?}");
    assert!(each.keys().all(|ms| *ms < 150), "within moments: {each:?}");
}
