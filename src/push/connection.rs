//! One connection to one push service: how many requests it may carry, and the exchange itself.

pub(super) mod http1;
pub(super) mod http2;

use std::cell::{Cell, RefCell};
use std::mem;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use h2::client::ResponseFuture;
use http::Request;
use tokio::time::Instant;

use crate::push::PushError;
use crate::push::meter::Meter;
use crate::webpush::reply::Answer;

/// At most so much of a response is read: push services say a line or two.
pub(super) const MAX_BODY: usize = 64 * 1024;

/// At most so many streams on one connection, whatever the peer allows. Apple's 1000 is the most that a push service is
/// known to announce, and all of them share the fate of one TCP connection.
const MAX_STREAMS: usize = 1000;

/// A connection as the pool sees it. Its driver runs beside it, as a task.
pub(super) struct Connection {
    wire: RefCell<Wire>,
    meter: Arc<Meter>,
    limit: Cell<usize>,
    in_flight: Cell<usize>,
    idle_since: Cell<Instant>,
}

enum Wire {
    /// `None` while its one request is out.
    Http1(Option<http1::Sender>),
    Http2(http2::Sender),
    /// No further request: the other side said so, or it stood idle.
    Retired,
}

impl Connection {
    pub(super) fn http1(sender: http1::Sender, meter: Arc<Meter>) -> Self {
        Self::new(Wire::Http1(Some(sender)), 1, meter)
    }

    pub(super) fn http2(sender: http2::Sender, limit: usize, meter: Arc<Meter>) -> Self {
        Self::new(Wire::Http2(sender), limit.min(MAX_STREAMS), meter)
    }

    fn new(wire: Wire, limit: usize, meter: Arc<Meter>) -> Self {
        Self {
            wire: RefCell::new(wire),
            meter,
            limit: Cell::new(limit),
            in_flight: Cell::new(0),
            idle_since: Cell::new(Instant::now()),
        }
    }

    /// Takes one of the streams that are left, when there is one.
    pub(super) fn reserve(&self) -> bool {
        let has_room = !self.is_retired() && self.in_flight.get() < self.limit.get();
        if has_room {
            self.in_flight.set(self.in_flight.get() + 1);
        }
        has_room
    }

    /// Gives a stream back.
    pub(super) fn release(&self) {
        self.in_flight.set(self.in_flight.get() - 1);
        self.meter.settle(self.in_flight.get());
        if self.is_idle() {
            self.idle_since.set(Instant::now());
        }
        // An HTTP/1.1 exchange that did not hand its connection back has left something unread on it.
        if matches!(*self.wire.borrow(), Wire::Http1(None)) {
            self.retire();
        }
    }

    /// Lets what is in flight finish and takes nothing new; the driver then ends.
    pub(super) fn retire(&self) {
        let wire = mem::replace(&mut *self.wire.borrow_mut(), Wire::Retired);
        // Outside of the borrow: the last handle of a connection wakes its driver.
        drop(wire);
    }

    pub(super) fn is_retired(&self) -> bool {
        matches!(*self.wire.borrow(), Wire::Retired)
    }

    pub(super) fn is_idle(&self) -> bool {
        self.in_flight.get() == 0
    }

    pub(super) fn idle_since(&self) -> Instant {
        self.idle_since.get()
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.get()
    }

    pub(super) fn limit(&self) -> usize {
        self.limit.get()
    }

    /// Takes in what the peer has said by now. Whether that made room.
    pub(super) fn heed(&self, announced: usize) -> bool {
        let open = match &mut *self.wire.borrow_mut() {
            Wire::Http2(sender) => http2::is_open(sender),
            Wire::Http1(_) => true,
            Wire::Retired => false,
        };
        if !open {
            self.retire();
        }
        let limit = announced.min(MAX_STREAMS);
        limit > self.limit.replace(limit)
    }

    /// One request and its answer, on a stream that was reserved before.
    pub(super) async fn exchange(
        &self,
        request: Request<Bytes>,
        deadline: Instant,
    ) -> Result<Answer, PushError> {
        match self.start(request)? {
            Started::Http2(response) => http2::answer(response, deadline).await,
            Started::Http1(mut sender, request) => {
                let (answer, reusable) = http1::exchange(&mut sender, *request, deadline).await?;
                if reusable && let Wire::Http1(idle) = &mut *self.wire.borrow_mut() {
                    *idle = Some(sender);
                }
                Ok(answer)
            }
        }
    }

    fn start(&self, request: Request<Bytes>) -> Result<Started, PushError> {
        // The peer has lowered its limit since the permit was given. Started all the same, the request would wait on this
        // connection while its deadline runs.
        if self.in_flight.get() > self.limit.get() && !self.is_retired() {
            return Err(PushError::NotProcessed("the push service takes fewer streams now".into()));
        }
        self.meter.grant();
        let started = match &mut *self.wire.borrow_mut() {
            Wire::Http2(sender) => http2::start(sender, request).map(Started::Http2),
            Wire::Http1(idle) => {
                let sender = idle.take();
                sender.map(|sender| Started::Http1(sender, Box::new(request))).ok_or_else(closed)
            }
            Wire::Retired => Err(closed()),
        };
        if started.is_err() {
            // Not left to the driver, which may come later than the next request.
            self.retire();
        }
        started
    }
}

enum Started {
    Http1(http1::Sender, Box<Request<Bytes>>),
    Http2(ResponseFuture),
}

fn closed() -> PushError {
    PushError::NotProcessed("the connection was closed before the request was sent".into())
}

/// The beginning of a body, at most [`MAX_BODY`] of it.
#[derive(Default)]
struct Beginning(BytesMut);

impl Beginning {
    /// Whether there is room for more.
    fn take(&mut self, chunk: &[u8]) -> bool {
        let room = MAX_BODY - self.0.len();
        self.0.extend_from_slice(&chunk[..chunk.len().min(room)]);
        self.0.len() < MAX_BODY
    }

    fn into_bytes(self) -> Bytes {
        self.0.freeze()
    }
}
