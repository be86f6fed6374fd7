//! Scheduled notifications in the store and the tree: what they are before they are due, and what they become.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use fanfare::id::PublicId;
use fanfare::store::Store;
use fanfare::store::directory::DirectoryChange;
use fanfare::store::membership::{Leave, Leaver};
use fanfare::store::publish::{Accept, AcceptReply};
use fanfare::store::view::{ListQuery, NotificationState};

use super::*;
use crate::harness::house::outcome;

#[actix_web::test]
async fn it_has_neither_number_nor_recipients_before_it_is_due_and_then_goes_out_under_the_same_name()
 {
    let browser = Browser::new();
    let (service, house, _) = home_of(&browser).await;
    let publish = house.publish("news", "later");
    let (created, at) = (publish.now, publish.now + HOUR);
    let later = schedule_as(&house, publish, at).await;
    assert_eq!((later.seq, later.recipients), (None, None));
    let view = house.status(&later.id).await;
    assert_eq!(view.state(), NotificationState::Scheduled);
    assert_eq!((view.seq, view.recipients, view.pending()), (None, None, 0));
    assert_eq!((view.created, view.send_at), (created, Some(at)));
    assert_eq!(view.expires, at + Duration::from_secs(86_400));
    let id = PublicId::from_store(later.id.clone());
    assert_eq!(house.store.failures(house.app, id, 9).await.unwrap().unwrap(), []);

    let first = house.notify("news", "now").await;
    assert_eq!(first.seq, Some(1), "what waits has taken no number");
    assert_eq!(house.outcomes(&first.id).await, outcome("accepted"));
    pass(&house, at - Duration::from_millis(1)).await;
    assert_eq!(open_and_scheduled(&house).await, (0, 1));

    pass(&house, at).await;
    assert_eq!(house.outcomes(&later.id).await, outcome("accepted"));
    let view = house.status(&later.id).await;
    assert_eq!((view.seq, view.state()), (Some(2), NotificationState::Done));
    assert_eq!((view.created, view.send_at), (created, Some(at)), "it is still known");
    assert_eq!(open_and_scheduled(&house).await, (0, 0));
    assert_eq!(texts(&service, "it", &browser), ["now", "later"]);
    pass(&house, at + HOUR).await;
    assert_eq!(service.requests(), 2, "it goes out once");
    house.stop().await;
}

#[actix_web::test]
async fn its_recipients_are_those_who_are_there_when_it_is_due() {
    let (service, house, leaves) = home_of(&Browser::new()).await;
    let at = now() + HOUR;
    let later = schedule(&house, "later", at).await;
    house.subscribe(&Browser::new(), &service.endpoint("comes"), &["news"]).await;
    house.subscribe(&Browser::new(), &service.endpoint("comes-too"), &["news"]).await;
    let leave = Leave { app: house.app, who: Leaver::Everywhere(leaves), now: now() };
    house.store.leave(leave).await.unwrap();
    pass(&house, at).await;
    assert_eq!(house.outcomes(&later.id).await, outcomes([("accepted", 2)]));
    assert_eq!(service.log_of("it").len(), 0);
    house.stop().await;
}

#[actix_web::test]
async fn one_for_a_channel_that_is_empty_when_it_is_due_is_done() {
    let (_service, house, _) = home_of(&Browser::new()).await;
    let at = now() + HOUR;
    let later = schedule_as(&house, house.publish("nobody", "later"), at).await;
    pass(&house, at).await;
    let view = house.status(&later.id).await;
    assert_eq!((view.seq, view.recipients), (Some(1), Some(0)));
    assert_eq!(view.state(), NotificationState::Done);
    house.stop().await;
}

#[actix_web::test]
async fn who_is_excluded_is_passed_over_when_it_is_due_wherever_they_were_meanwhile() {
    let (service, house, own) = home_of(&Browser::new()).await;
    let browser = Browser::new();
    let comes = house.subscribe(&browser, &service.endpoint("comes"), &["other"]).await;
    let goes = house.subscribe(&Browser::new(), &service.endpoint("goes"), &["news"]).await;
    house.subscribe(&Browser::new(), &service.endpoint("gets-it"), &["news"]).await;
    let at = now() + HOUR;
    let exclude = vec![own, comes, goes.clone()];
    let later = schedule_as(&house, Accept { exclude, ..house.publish("news", "x") }, at).await;
    house.subscribe(&browser, &service.endpoint("comes"), &["news"]).await;
    let leave = Leave { app: house.app, who: Leaver::Everywhere(goes), now: now() };
    house.store.leave(leave).await.unwrap();
    pass(&house, at).await;
    assert_eq!(house.outcomes(&later.id).await, outcome("accepted"));
    assert_eq!(service.log_of("gets-it").len(), 1);
    assert_eq!(service.requests(), 1);
    house.stop().await;
}

#[actix_web::test]
async fn who_is_excluded_stays_so_when_two_turn_out_to_be_one_browser() {
    let (service, house, _) = home_of(&Browser::new()).await;
    let (browser, endpoint) = (Browser::new(), service.endpoint("excluded"));
    let keeps = house.subscribe(&Browser::new(), &service.endpoint("old"), &["other"]).await;
    let goes = house.subscribe(&browser, &endpoint, &["news"]).await;
    let at = now() + HOUR;
    let without = Accept { exclude: vec![goes], ..house.publish("news", "x") };
    let later = schedule_as(&house, without, at).await;
    let view = house.replace(house.replacement(&keeps, &browser, &endpoint)).await;
    assert_eq!(view.channels, ["news", "other"]);
    pass(&house, at).await;
    assert_eq!(house.outcomes(&later.id).await, outcome("accepted"));
    assert_eq!(service.log_of("excluded").len(), 0);
    house.stop().await;
}

#[actix_web::test]
async fn it_takes_its_topic_when_it_is_due_and_not_before() {
    let browser = Browser::new();
    let (service, house, _) = home_of(&browser).await;
    service.answer("it", [Answer::Hold]);
    let under_way = house.notify("news", "keeps it busy").await;
    service.wait_for(1).await;
    let at = now() + HOUR;
    let topic = Some("score".to_owned());
    let later = schedule_as(&house, Accept { topic, ..house.publish("news", "2:0") }, at).await;
    let waits = under_topic(&house, "1:0", "score").await;
    assert_eq!(house.status(&waits.id).await.pending(), 1);
    assert_eq!(house.status(&later.id).await.state(), NotificationState::Scheduled);
    pass(&house, at).await;
    assert_eq!(house.outcomes(&waits.id).await, outcome("superseded"));
    service.release_all();
    assert_eq!(house.outcomes(&under_way.id).await, outcome("accepted"));
    assert_eq!(house.outcomes(&later.id).await, outcome("accepted"));
    assert_eq!(texts(&service, "it", &browser), ["keeps it busy", "2:0"]);
    house.stop().await;
}

#[actix_web::test]
async fn what_is_accepted_after_it_was_due_is_newer_also_when_nobody_has_let_it_go_yet() {
    let browser = Browser::new();
    let (service, house, id) = home_of(&browser).await;
    service.answer("it", [in_an_hour()]);
    house.notify("news", "makes it wait").await;
    waits(&house, &id).await;
    let at = now() + HOUR;
    let topic = Some("score".to_owned());
    let publish = |text| Accept { topic: topic.clone(), ..house.publish("news", text) };
    let older = schedule_as(&house, publish("1:0"), at).await;
    let newer = Accept { now: at + Duration::from_millis(1), ..publish("2:0") };
    let newer = house.accept(newer).await.remove(0);
    let older = house.status(&older.id).await;
    assert_eq!((older.seq, newer.seq), (Some(2), Some(3)));
    assert_eq!(older.outcomes.get(fanfare::model::Outcome::Superseded), 1);
    assert_eq!(house.status(&newer.id).await.pending(), 1);
    house.stop().await;
}

#[actix_web::test]
async fn its_ttl_runs_from_the_time_that_it_was_scheduled_for() {
    let (service, house, _) = home_of(&Browser::new()).await;
    let at = now() + HOUR;
    let publish = |ttl| Accept { ttl, ..house.publish("news", "text") };
    let minute = schedule_as(&house, publish(60 * SECOND), at).await;
    let never = schedule_as(&house, publish(Duration::ZERO), at).await;
    assert_eq!(house.status(&minute.id).await.expires, at + 60 * SECOND);
    assert_eq!(house.status(&never.id).await.expires, at + 30 * SECOND);
    // Nothing ran in the meantime, and now both are over: they are counted, and not sent.
    pass(&house, at + 60 * SECOND).await;
    for id in [&minute.id, &never.id] {
        assert_eq!(house.outcomes(id).await, outcome("expired"));
    }
    assert_eq!(service.requests(), 0);

    let late = schedule_as(&house, publish(60 * SECOND), at).await;
    let once = schedule_as(&house, publish(Duration::ZERO), at).await;
    service.answer("it", [Answer::status(201), Answer::status(503)]);
    pass(&house, at + 29 * SECOND).await;
    assert_eq!(house.outcomes(&late.id).await, outcome("accepted"));
    assert_eq!(house.outcomes(&once.id).await, outcome("expired"));
    let log = service.log_of("it");
    assert_eq!((log.len(), log[1].header("ttl")), (2, "0"), "now or never is one attempt");
    house.stop().await;
}

#[actix_web::test]
async fn those_that_are_due_go_in_the_order_of_their_times() {
    let browser = Browser::new();
    let (service, house, _) = home_of(&browser).await;
    let at = now() + HOUR;
    for (text, seconds) in [("third", 3), ("first", 1), ("second", 2), ("also third", 3)] {
        schedule(&house, text, at + seconds * SECOND).await;
    }
    pass(&house, at + 3 * SECOND).await;
    service.wait_for(4).await;
    assert_eq!(texts(&service, "it", &browser), ["first", "second", "third", "also third"]);
    house.stop().await;
}

#[actix_web::test]
async fn more_than_one_upkeep_holds_are_let_go_in_batches() {
    let (_service, house, _) = home_of(&Browser::new()).await;
    let at = now() + HOUR;
    let channels: Vec<_> = (0..450).map(|number| format!("c{number}")).collect();
    let publish = Accept { channels, ..house.publish("", "text") };
    let items = house.accept(Accept { send_at: Some(at), ..publish }).await;
    assert!(items.iter().all(|item| item.seq.is_none()));
    let mut batches = Vec::new();
    while batches.last() != Some(&0) {
        batches.push(house.store.upkeep(at, LIMIT).await.unwrap());
    }
    assert_eq!(batches, [200, 200, 50, 0]);
    for item in &items {
        assert_eq!(house.status(&item.id).await.state(), NotificationState::Done);
    }
    house.stop().await;
}

#[actix_web::test]
async fn one_that_is_cancelled_before_it_is_due_is_never_sent_and_is_shown_for_a_week() {
    let (service, house, _) = home_of(&Browser::new()).await;
    let at = now() + HOUR;
    let later = schedule(&house, "later", at).await;
    let cancelled = now();
    for _ in 0..2 {
        let view = cancel(&house, &later.id).await;
        assert_eq!(view.state(), NotificationState::Cancelled);
        assert_eq!((view.seq, view.recipients, view.pending()), (None, Some(0), 0));
        assert_eq!(view, house.status(&later.id).await);
        assert_eq!(open_and_scheduled(&house).await, (0, 0), "it is counted out once");
    }
    pass(&house, at).await;
    assert_eq!(house.status(&later.id).await.seq, None);
    let id = || PublicId::from_store(later.id.clone());
    let week = 7 * 24 * HOUR;
    pass(&house, cancelled + week).await;
    assert!(house.store.notification(house.app, id()).await.unwrap().is_some());
    pass(&house, now() + week + SECOND).await;
    assert_eq!(house.store.notification(house.app, id()).await.unwrap(), None);
    assert_eq!(service.requests(), 0);
    house.stop().await;
}

#[actix_web::test]
async fn a_channel_and_an_app_that_are_deleted_take_theirs_along() {
    let (service, house, _) = home_of(&Browser::new()).await;
    let other = other_app(&house, "shop").await;
    join_other(&house, other, &service.endpoint("other")).await;
    let at = now() + HOUR;
    let mine = schedule(&house, "mine", at).await;
    let theirs = Accept { app: other, ..house.publish("news", "theirs") };
    let theirs = schedule_as(&house, theirs, at).await;
    let kept = schedule_as(&house, house.publish("kept", "kept"), at).await;

    assert!(house.store.delete_channel(house.app, "news".to_owned(), now()).await.unwrap());
    let view = house.status(&mine.id).await;
    assert_eq!((view.state(), view.recipients), (NotificationState::Cancelled, Some(0)));
    let change = DirectoryChange::DeleteApp { name: "shop".to_owned(), now: now() };
    house.store.change_directory(change).await.unwrap().unwrap();
    let theirs = house.store.notification(other, PublicId::from_store(theirs.id)).await.unwrap();
    assert!(theirs.is_none_or(|view| view.state() == NotificationState::Cancelled));

    house.subscribe(&Browser::new(), &service.endpoint("second-life"), &["news", "kept"]).await;
    pass(&house, at).await;
    assert_eq!(house.outcomes(&kept.id).await, outcome("accepted"));
    assert_eq!(house.status(&mine.id).await.seq, None, "another channel of that name is another");
    assert_eq!(service.requests(), 1);
    house.stop().await;
}

#[actix_web::test]
async fn a_channel_holds_ten_thousand_and_those_that_wait_keep_nothing_from_going_now() {
    let (_service, house, _) = home_of(&Browser::new()).await;
    let at = now() + HOUR;
    let later = schedule(&house, "later", at).await;
    // As if there were so many more: what is held against the limit is this number.
    let mut database = SqliteConnection::establish(&house.database().to_string_lossy()).unwrap();
    database.batch_execute("UPDATE channel SET scheduled = 10000").unwrap();
    let another = || Accept { send_at: Some(at), ..house.publish("news", "text") };
    let refused = house.store.accept(another()).await.unwrap();
    assert_eq!(refused, AcceptReply::ChannelFull("news".to_owned()));
    let first = house.notify("news", "now").await;
    assert_eq!(house.outcomes(&first.id).await, outcome("accepted"));
    cancel(&house, &later.id).await;
    house.accept(another()).await;
    assert_eq!(open_and_scheduled(&house).await, (0, 10_000));
    house.stop().await;
}

#[actix_web::test]
async fn those_of_a_channel_are_listed_page_by_page_the_next_one_first() {
    let (_service, house, _) = home_of(&Browser::new()).await;
    let at = now() + HOUR;
    let mut ids = Vec::new();
    for seconds in [5, 1, 3, 3, 3] {
        ids.push((seconds, schedule(&house, "text", at + seconds * SECOND).await.id));
    }
    schedule_as(&house, house.publish("other", "text"), at).await;
    let gone = schedule(&house, "text", at).await;
    cancel(&house, &gone.id).await;
    ids.sort();
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let query = ListQuery { app: house.app, name: "news".to_owned(), after, limit: 2 };
        let page = house.store.scheduled(query).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(fanfare::store::view::ScheduledPosition::of(last).to_string());
        seen.extend(page.into_iter().map(|view| view.id.to_string()));
    }
    let expected: Vec<_> = ids.into_iter().map(|(_, id)| id).collect();
    assert_eq!(seen, expected);
    house.stop().await;
}

#[actix_web::test]
async fn a_restart_changes_nothing_for_those_that_wait() {
    let browser = Browser::new();
    let (service, house, own) = home_of(&browser).await;
    house.subscribe(&Browser::new(), &service.endpoint("other"), &["news"]).await;
    let at = now() + HOUR;
    let later = schedule(&house, "later", at).await;
    let taken_back = schedule(&house, "taken back", at).await;
    let but_one = Accept { exclude: vec![own], ..house.publish("news", "but one") };
    let but_one = schedule_as(&house, but_one, at).await;
    cancel(&house, &taken_back.id).await;
    let before = house.status(&later.id).await;
    let house = house.restart(&service).await;
    assert_eq!(house.status(&later.id).await, before);
    pass(&house, at).await;
    assert_eq!(house.outcomes(&later.id).await, outcomes([("accepted", 2)]));
    assert_eq!(house.outcomes(&but_one.id).await, outcome("accepted"));
    assert_eq!(house.status(&taken_back.id).await.state(), NotificationState::Cancelled);
    assert_eq!(texts(&service, "it", &browser), ["later"]);
    house.stop().await;
}
