//! Whose an endpoint is: who takes its place, what moves with it, and that nobody is left behind or gets twice what
//! he was to get once.

mod again;
mod displaced;
mod ended;
mod left_behind;
mod model;
mod races;
mod replaced;
mod returning;
mod strangers;

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};

use fanfare::id::PublicId;

use crate::harness::browser::Browser;
use crate::harness::house::{House, eventually};
use crate::harness::push_service::{Answer, PushService};

async fn house() -> (PushService, House) {
    let service = PushService::start();
    let house = House::start(&service).await;
    (service, house)
}

pub(crate) fn outcomes<const N: usize>(
    counts: [(&'static str, i64); N],
) -> HashMap<&'static str, i64> {
    HashMap::from(counts)
}

/// An answer after which nobody asks for an hour.
pub(crate) fn in_an_hour() -> Answer {
    Answer::status(503).header("retry-after", "3600")
}

/// What the endpoint `token` was sent, as `browser` reads it.
pub(crate) fn texts(service: &PushService, token: &str, browser: &Browser) -> Vec<String> {
    let read = |body: &[u8]| String::from_utf8(browser.decrypt(body)).unwrap();
    service.log_of(token).iter().map(|request| read(&request.body)).collect()
}

/// Waits until the subscription has been asked to wait.
async fn waits(house: &House, id: &PublicId) {
    let waits = || async { house.subscription(id).await.not_before };
    eventually("the subscription waits", waits).await;
}

/// Answers the first request with `status` once what this gives is dropped, and all others with 201. Until then the
/// push service says nothing to anybody.
fn hold_the_first(service: &PushService, status: u16) -> Sender<()> {
    let (held, is_released) = channel();
    let is_released = Mutex::new(is_released);
    service.answer_with(move |request| {
        if request.index > 0 {
            return Answer::status(201);
        }
        let _ = is_released.lock().unwrap().recv();
        Answer::status(status)
    });
    held
}
