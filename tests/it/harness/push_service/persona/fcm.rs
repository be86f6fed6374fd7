//! Firebase Cloud Messaging: says little, in HTML titles and bare lines of text.

use super::vapid::Flaw;
use super::{Answer, Asked};

/// Four weeks, in seconds.
const MAX_TTL: i64 = 2_419_200;

/// What FCM says of a subscription that has ended.
pub(crate) const UNSUBSCRIBED: &str = "push subscription has unsubscribed or expired.\n";

pub(crate) fn accepts() -> Answer {
    Answer::status(201).header("location", "https://fcm.googleapis.com/0:1700000000000000%7031b2e6")
}

pub(crate) fn refuses(asked: &Asked<'_>) -> Option<Answer> {
    match asked.vapid {
        Err(Flaw::Missing) => return Some(page(400, "UnauthorizedRegistration")),
        Err(_) => return Some(line(403, "invalid JWT provided\n")),
        Ok(_) => {}
    }
    if asked.is_of_another_key() {
        let said = "the VAPID credentials in the authorization header do not correspond to the \
                    credentials used to create the subscriptions.\n";
        return Some(line(403, said));
    }
    if asked.subscribed.ended {
        return Some(line(410, UNSUBSCRIBED));
    }
    let ttl = asked.header("ttl").and_then(|ttl| ttl.parse().ok());
    if !ttl.is_some_and(|ttl: i64| (0..=MAX_TTL).contains(&ttl)) {
        return Some(page(400, "InvalidTtlParameter"));
    }
    None
}

/// An error as FCM's front writes it.
pub(crate) fn page(status: u16, title: &str) -> Answer {
    let html = format!(
        "<HTML>\n<HEAD>\n<TITLE>{title}</TITLE>\n</HEAD>\n<BODY>\n<H1>{title}</H1>\n\
         <H2>Error {status}</H2>\n</BODY>\n</HTML>\n"
    );
    Answer::status(status).header("content-type", "text/html; charset=UTF-8").body(html)
}

/// An error as FCM's back writes it.
pub(crate) fn line(status: u16, text: &'static str) -> Answer {
    Answer::status(status).header("content-type", "text/plain; charset=utf-8").body(text)
}
