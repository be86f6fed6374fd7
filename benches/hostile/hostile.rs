//! The kinds of harm: what a hostile endpoint does, and where it stands.

use std::any::Any;

use crate::dead;
use crate::push_service::raw::{END_HEADERS, RawService, Wire, frame, kind, status};
use crate::push_service::{Answer, PushService};

/// A flood goes on for so long, if nobody stops it.
const FLOOD: usize = 256 * 1024 * 1024;

pub(crate) struct Kind {
    what: &'static str,
    harm: Harm,
}

enum Harm {
    /// By an origin of its own.
    Other(fn() -> Hostile),
    /// By some endpoints of the origin that serves all the good ones.
    Same(fn() -> Answer),
}

/// What does harm, until it is dropped.
pub(crate) struct Hostile {
    pub(crate) authority: String,
    seen: Box<dyn Fn() -> Seen>,
}

/// What a hostile origin got out of us; where it cannot tell, nothing.
#[derive(Clone, Copy, Default)]
pub(crate) struct Seen {
    /// Requests, or connections of those that see no requests.
    pub(crate) requests: Option<u64>,
    /// The most streams at once.
    pub(crate) slots: Option<usize>,
    /// Bytes that it got rid of.
    pub(crate) bytes: Option<usize>,
}

pub(crate) const KINDS: &[Kind] = &[
    other("no answer", || service(Answer::Never)),
    other("a byte now and then", || service(Answer::Drip)),
    other("an endless body", || service(Answer::EndlessBody)),
    other("headers of a megabyte", || service(headers())),
    other("redirects without end", redirecting),
    other("GOAWAY to everything", || {
        raw(|mut wire| async move {
            wire.open(100).await?;
            wire.request().await?;
            wire.goaway(0, 0).await?;
            wire.fall_silent().await
        })
    }),
    other("503 to everything", || service(Answer::status(503))),
    other("401 to everything", || service(Answer::status(401))),
    other("429 to everything", || service(Answer::status(429).header("retry-after", "600"))),
    other("PING without end", || flooding(frame(kind::PING, 0, 0, &[0; 8]))),
    other("1xx without end", || flooding(frame(kind::HEADERS, END_HEADERS, 1, &status("103")))),
    other("CONTINUATION without end", || {
        flooding(
            [
                frame(kind::HEADERS, 0, 1, &status("201")),
                frame(kind::CONTINUATION, 0, 1, &[]).repeat(10_000),
            ]
            .concat(),
        )
    }),
    other("no answer, HTTP/1.1", || service1(Answer::Never)),
    other("an endless body, HTTP/1.1", || service1(Answer::EndlessBody)),
    other("a header's endless line, HTTP/1.1", || flooding1(b"HTTP/1.1 201 Created\r\nx: ", b"a")),
    other("100 Continue for ever, HTTP/1.1", || flooding1(b"", b"HTTP/1.1 100 Continue\r\n\r\n")),
    other("a dead origin: connections refused", dead::refusing),
    other("a dead origin: no answer to SYN", dead::deaf),
    other("a dead origin: never speaks TLS", dead::mute),
    same("no answer, same origin", || Answer::Never),
    same("a byte now and then, same origin", || Answer::Drip),
    same("an endless body, same origin", || Answer::EndlessBody),
    same("headers of a megabyte, same origin", headers),
    same("503, same origin", || Answer::status(503)),
];

const fn other(what: &'static str, harm: fn() -> Hostile) -> Kind {
    Kind { what, harm: Harm::Other(harm) }
}

const fn same(what: &'static str, harm: fn() -> Answer) -> Kind {
    Kind { what, harm: Harm::Same(harm) }
}

impl Kind {
    pub(crate) fn name(&self) -> &'static str {
        self.what
    }

    /// The origin that does harm, where it is not the good one's.
    pub(crate) fn start(&self) -> Option<Hostile> {
        match self.harm {
            Harm::Other(start) => Some(start()),
            Harm::Same(_) => None,
        }
    }

    /// What the good origin answers the hostile endpoints.
    pub(crate) fn answer(&self) -> Option<Answer> {
        match self.harm {
            Harm::Other(_) => None,
            Harm::Same(answer) => Some(answer()),
        }
    }
}

impl Hostile {
    pub(crate) fn new(authority: String, seen: impl Fn() -> Seen + 'static) -> Self {
        Self { authority, seen: Box::new(seen) }
    }

    /// One that sees nothing, as long as `keep` is there.
    pub(crate) fn blind(authority: String, keep: impl Any) -> Self {
        Self::new(authority, move || {
            let _ = &keep;
            Seen::default()
        })
    }

    pub(crate) fn seen(&self) -> Seen {
        (self.seen)()
    }
}

fn headers() -> Answer {
    Answer::status(201).header("x-huge", &"x".repeat(1024 * 1024))
}

fn service(answer: Answer) -> Hostile {
    answering(PushService::builder().max_streams(100).start(), answer)
}

fn service1(answer: Answer) -> Hostile {
    answering(PushService::builder().http1_only().start(), answer)
}

fn answering(service: PushService, answer: Answer) -> Hostile {
    service.answer_all(answer);
    Hostile::new(service.authority().to_owned(), move || Seen {
        requests: Some(service.requests()),
        slots: Some(service.peak_streams()),
        bytes: Some(service.endless_bytes()),
    })
}

fn redirecting() -> Hostile {
    let service = PushService::start();
    let back = Answer::status(307).header("location", &service.endpoint("again"));
    answering(service, back)
}

fn raw<F: Future<Output = std::io::Result<()>> + 'static>(
    script: impl Fn(Wire) -> F + Send + Sync + 'static,
) -> Hostile {
    counting(RawService::http2(script))
}

fn flooding(again: Vec<u8>) -> Hostile {
    raw(move |mut wire| {
        let again = again.clone();
        async move {
            wire.open(100).await?;
            wire.request().await?;
            wire.flood(&again, FLOOD).await?;
            wire.fall_silent().await
        }
    })
}

fn flooding1(beginning: &'static [u8], again: &'static [u8]) -> Hostile {
    counting(RawService::http1(move |mut wire| async move {
        wire.request1().await?;
        wire.write(beginning).await?;
        wire.flood(again, FLOOD).await?;
        wire.fall_silent().await
    }))
}

fn counting(service: RawService) -> Hostile {
    Hostile::new(service.authority().to_owned(), move || Seen {
        requests: Some(service.connections_ever() as u64),
        slots: None,
        bytes: Some(service.written()),
    })
}
