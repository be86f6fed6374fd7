//! A channel pauses: nothing of it is sent, nobody else notices, and nothing is lost.

use std::collections::BTreeMap;
use std::time::Duration;

use fanfare::store::Store;
use fanfare::store::view::NotificationView;

use super::pause;
use crate::harness::browser::Browser;
use crate::harness::house::{House, eventually, now, one, outcome};
use crate::harness::push_service::{Answer, PushService};

const DEVICES: usize = 60;

/// More than are under way at a push service of which nothing is known yet, so that some wait for their turn.
const CROWD: usize = 300;

/// How often each text came to each device.
fn received(service: &PushService, browsers: &[Browser]) -> BTreeMap<(usize, String), usize> {
    let mut received = BTreeMap::new();
    for request in service.log() {
        let device: usize = request.token.parse().unwrap();
        let text = String::from_utf8(browsers[device].decrypt(&request.body)).unwrap();
        *received.entry((device, text)).or_default() += 1;
    }
    received
}

async fn crowd(house: &House, service: &PushService, count: usize) -> Vec<Browser> {
    let browsers: Vec<_> = (0..count).map(|_| Browser::new()).collect();
    for (index, browser) in browsers.iter().enumerate() {
        let endpoint = service.endpoint(&index.to_string());
        house.subscribe(browser, &endpoint, &["news", "other"]).await;
    }
    browsers
}

fn each_once(texts: &[&str], count: usize) -> BTreeMap<(usize, String), usize> {
    let of = |device| texts.iter().map(move |text| ((device, (*text).to_owned()), 1));
    (0..count).flat_map(of).collect()
}

/// Looks until a notification is as it must be.
async fn eventually_is(
    house: &House,
    id: &str,
    what: &str,
    holds: impl Fn(&NotificationView) -> bool,
) -> NotificationView {
    eventually(what, || async {
        let view = house.status(id).await;
        holds(&view).then_some(view)
    })
    .await
}

#[actix_web::test]
async fn in_the_middle_of_a_fan_out_a_channel_pauses_and_another_of_the_same_devices_goes_on() {
    let service = PushService::start();
    let house = House::start(&service).await;
    let browsers = crowd(&house, &service, CROWD).await;
    service.answer_all(Answer::Hold);
    let news = house.notify("news", "news").await;
    service.wait_for(32).await;
    pause(&house, "news", true).await;
    let begun = house.tree.under_way();
    assert!(begun > 0 && begun < CROWD, "in the middle: {begun}");
    let more = house.notify("news", "more news").await;
    let other = house.notify("other", "other").await;
    service.release_all();

    assert_eq!(house.outcomes(&other.id).await["accepted"], CROWD as i64);
    let settled = eventually_is(&house, &news.id, "what was under way is settled", |view| {
        view.outcomes.total() == begun as i64
    })
    .await;
    assert_eq!(settled.pending(), (CROWD - begun) as i64, "and nothing else is");
    assert_eq!(house.status(&more.id).await.outcomes.total(), 0);
    assert_eq!(service.requests(), (begun + CROWD) as u64);
    let resting = || async {
        let workers = house.subscription_workers().await;
        workers.iter().all(|worker| worker.state.0 == "resting").then_some(())
    };
    eventually("nobody goes round in circles", resting).await;

    pause(&house, "news", false).await;
    assert_eq!(house.outcomes(&news.id).await["accepted"], CROWD as i64);
    assert_eq!(house.outcomes(&more.id).await["accepted"], CROWD as i64);
    assert_eq!(received(&service, &browsers), each_once(&["news", "more news", "other"], CROWD));
    house.stop().await;
}

#[actix_web::test]
async fn what_is_published_to_a_paused_channel_waits_in_order_and_goes_at_once_when_it_is_resumed()
{
    let service = PushService::start();
    let house = House::start(&service).await;
    let browsers = crowd(&house, &service, DEVICES).await;
    let before = house.notify("news", "before").await;
    house.finished(&before.id).await;
    pause(&house, "news", true).await;
    let mut waiting = Vec::new();
    for text in ["1", "2", "3"] {
        waiting.push(house.notify("news", text).await.id);
    }
    let other = house.notify("other", "other").await;
    house.finished(&other.id).await;
    assert_eq!(service.requests(), 2 * DEVICES as u64, "of the paused one nothing is sent");
    pause(&house, "news", false).await;
    for id in &waiting {
        assert_eq!(house.outcomes(id).await["accepted"], DEVICES as i64);
    }
    assert_eq!(
        received(&service, &browsers),
        each_once(&["before", "other", "1", "2", "3"], DEVICES)
    );
    for (device, browser) in browsers.iter().enumerate() {
        let log = service.log_of(&device.to_string());
        let text = |body: &[u8]| String::from_utf8(browser.decrypt(body)).unwrap();
        let texts: Vec<_> = log.iter().map(|request| text(&request.body)).collect();
        assert_eq!(texts, ["before", "other", "1", "2", "3"]);
    }
    house.stop().await;
}

#[actix_web::test]
async fn a_retry_waits_with_its_channel_and_holds_up_no_other() {
    let (service, house, id) = one().await;
    let browser = Browser::new();
    let both = house.subscribe(&browser, &service.endpoint("both"), &["news", "other"]).await;
    // Long enough for the pause to be there before the retry.
    service.answer("both", [Answer::status(500).header("retry-after", "2")]);
    service.answer("it", [Answer::Hold]);
    let news = house.notify("news", "news").await;
    service.wait_for(2).await;
    pause(&house, "news", true).await;
    let other = house.notify("other", "other").await;
    assert_eq!(house.outcomes(&other.id).await, outcome("accepted"), "the wait of one is over");
    let is_resting = |id| async {
        let view = house.store.subscription(house.app, id, now()).await.unwrap().unwrap();
        view.not_before.is_none().then_some(())
    };
    eventually("the store calls it waiting no more", || is_resting(both.clone())).await;
    service.release_all();
    eventually_is(&house, &news.id, "what was under way is settled", |view| view.pending() == 1)
        .await;
    assert!(house.knows(&id).await);
    let asked = service.log_of("both").len();
    pause(&house, "news", false).await;
    assert_eq!(house.outcomes(&news.id).await["accepted"], 2);
    assert_eq!(service.log_of("both").len(), asked + 1, "once more, after it was resumed");
    house.stop().await;
}

#[actix_web::test]
async fn what_waits_in_a_paused_channel_expires_and_can_be_cancelled() {
    let (service, house, _) = one().await;
    house.notify("news", "to make it").await;
    service.wait_for(1).await;
    pause(&house, "news", true).await;
    let short = house.notify_for("news", "short", Duration::from_millis(200)).await;
    let long = house.notify("news", "long").await;
    assert_eq!(house.outcomes(&short.id).await, outcome("expired"));
    let id = fanfare::id::PublicId::from_store(long.id.clone());
    house.store.cancel(house.app, id, now()).await.unwrap().unwrap();
    assert_eq!(house.outcomes(&long.id).await, outcome("cancelled"));
    let last = house.notify("news", "last").await;
    pause(&house, "news", false).await;
    assert_eq!(house.outcomes(&last.id).await, outcome("accepted"));
    assert_eq!(service.requests(), 2, "the first and the last");
    house.stop().await;
}

#[actix_web::test]
async fn a_channel_that_is_deleted_while_it_pauses_comes_again_without_a_pause() {
    let (service, house, _) = one().await;
    let waits = {
        house.notify("news", "to make it").await;
        service.wait_for(1).await;
        pause(&house, "news", true).await;
        house.notify("news", "waits").await
    };
    assert!(house.store.delete_channel(house.app, "news".to_owned(), now()).await.unwrap());
    assert_eq!(house.outcomes(&waits.id).await, outcome("cancelled"));
    assert!(house.store.directory().pauses.channels.is_empty());
    house.subscribe(&Browser::new(), &service.endpoint("new"), &["news"]).await;
    let id = house.notify("news", "again").await.id;
    assert_eq!(house.outcomes(&id).await, outcome("accepted"));
    house.stop().await;
}

#[actix_web::test]
async fn pausing_and_resuming_again_and_again_under_load_loses_nothing_and_repeats_nothing() {
    let service = PushService::start();
    let house = House::start(&service).await;
    let browsers = crowd(&house, &service, DEVICES).await;
    let texts: Vec<_> = (0..20).map(|number| number.to_string()).collect();
    let mut ids = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        ids.push(house.notify("news", text).await.id);
        ids.push(house.notify("other", &format!("other {text}")).await.id);
        pause(&house, "news", number % 2 == 0).await;
    }
    pause(&house, "news", false).await;
    for id in &ids {
        assert_eq!(house.outcomes(id).await["accepted"], DEVICES as i64);
    }
    let others: Vec<_> = texts.iter().map(|text| format!("other {text}")).collect();
    let all: Vec<_> = texts.iter().chain(&others).map(String::as_str).collect();
    assert_eq!(received(&service, &browsers), each_once(&all, DEVICES));
    house.stop().await;
}
