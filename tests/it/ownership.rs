//! Whose an endpoint is: who takes its place, what moves with it, and that nobody is left behind or gets twice what
//! he was to get once.

mod again;
mod displaced;
mod ended;
mod left_behind;
mod replaced;

use std::collections::HashMap;

use fanfare::id::PublicId;

use crate::harness::browser::Browser;
use crate::harness::house::{House, eventually};
use crate::harness::push_service::{Answer, PushService};

async fn house() -> (PushService, House) {
    let service = PushService::start();
    let house = House::start(&service).await;
    (service, house)
}

fn outcomes<const N: usize>(counts: [(&'static str, i64); N]) -> HashMap<&'static str, i64> {
    HashMap::from(counts)
}

/// An answer after which nobody asks for an hour.
fn in_an_hour() -> Answer {
    Answer::status(503).header("retry-after", "3600")
}

/// What the endpoint `token` was sent, as `browser` reads it.
fn texts(service: &PushService, token: &str, browser: &Browser) -> Vec<String> {
    let read = |body: &[u8]| String::from_utf8(browser.decrypt(body)).unwrap();
    service.log_of(token).iter().map(|request| read(&request.body)).collect()
}

/// Waits until the subscription has been asked to wait.
async fn waits(house: &House, id: &PublicId) {
    let waits = || async { house.subscription(id).await.not_before };
    eventually("the subscription waits", waits).await;
}
