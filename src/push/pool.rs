//! Connections by origin, and who waits for a stream on them. A further connection is opened when the others are full;
//! beyond the bound, requests wait their turn.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Uri};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::push::PushError;
use crate::push::connection::Connection;
use crate::push::dial::{Dialer, Dialled};
use crate::push::drive::drive;
use crate::push::egress::{Refused, Target};
use crate::webpush::reply::Answer;

/// After a further connection failed to open, the ones that work must do for this long.
const CONTENT: Duration = Duration::from_secs(5);

/// What one arbiter's pool holds for one origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolSnapshot {
    /// `host:port`: never more of a URL.
    pub origin: String,
    /// Connections that take requests.
    pub connections: usize,
    /// Connections on their way.
    pub dialling: usize,
    /// How many requests the connections can carry at once.
    pub streams: usize,
    /// Permits and requests that are out.
    pub in_flight: usize,
    /// How many wait for a stream.
    pub waiting: usize,
}

/// All origins of one arbiter.
pub(super) struct Pool {
    dialer: Rc<Dialer>,
    origins: Rc<Origins>,
}

/// Two URLs with the same host and port are one origin, however they are written: who writes `:0443` or `:00443` gets no
/// connections of his own.
type Origins = RefCell<HashMap<Target, Rc<Origin>>>;

/// How an admission ends: at once, or when a stream is free.
pub(super) enum Admission {
    Now(Slot),
    Later(oneshot::Receiver<Result<Slot, PushError>>),
}

impl Pool {
    pub(super) fn new(dialer: Dialer) -> Self {
        Self { dialer: Rc::new(dialer), origins: Rc::default() }
    }

    pub(super) fn admit(&self, uri: &Uri) -> Result<Admission, PushError> {
        // Each time, for what may be reached can change while connections are open.
        self.dialer.egress.check(uri)?;
        let target = Target::of(uri)?;
        let known = self.origins.borrow().get(&target).cloned();
        let origin = match known {
            Some(origin) => origin,
            None => self.open(target),
        };
        Ok(origin.admit())
    }

    pub(super) fn snapshot(&self) -> Vec<PoolSnapshot> {
        self.origins.borrow().values().map(|origin| origin.snapshot()).collect()
    }

    fn open(&self, target: Target) -> Rc<Origin> {
        let origin = Rc::new(Origin {
            target: target.clone(),
            dialer: self.dialer.clone(),
            neighbours: Rc::downgrade(&self.origins),
            connections: RefCell::default(),
            waiting: RefCell::default(),
            dialling: Cell::new(0),
            content_until: Cell::new(None),
        });
        let mut origins = self.origins.borrow_mut();
        origins.retain(|_, origin| !origin.is_deserted());
        origins.insert(target, origin.clone());
        origin
    }
}

struct Origin {
    target: Target,
    dialer: Rc<Dialer>,
    neighbours: std::rc::Weak<Origins>,
    connections: RefCell<Vec<Rc<Connection>>>,
    waiting: RefCell<VecDeque<oneshot::Sender<Result<Slot, PushError>>>>,
    dialling: Cell<usize>,
    content_until: Cell<Option<Instant>>,
}

impl Origin {
    fn admit(self: &Rc<Self>) -> Admission {
        // Nobody overtakes those who wait already.
        if self.waiting.borrow().is_empty()
            && let Some(slot) = self.reserve()
        {
            return Admission::Now(slot);
        }
        let (sender, receiver) = oneshot::channel();
        self.waiting.borrow_mut().push_back(sender);
        self.stir();
        Admission::Later(receiver)
    }

    /// First fit: load gathers on few connections, so that those no longer needed fall idle.
    fn reserve(self: &Rc<Self>) -> Option<Slot> {
        let connections = self.connections.borrow();
        let connection = connections.iter().find(|connection| connection.reserve())?;
        Some(Slot { origin: self.clone(), connection: connection.clone() })
    }

    /// Something changed: serves those who wait, and dials for those who still do.
    fn stir(self: &Rc<Self>) {
        self.serve();
        while self.wants_connection() {
            self.dialling.set(self.dialling.get() + 1);
            tokio::task::spawn_local(self.clone().dial());
        }
    }

    fn serve(self: &Rc<Self>) {
        loop {
            let mut waiting = self.waiting.borrow_mut();
            // Who has given up is passed over before a stream is taken.
            while waiting.front().is_some_and(oneshot::Sender::is_closed) {
                waiting.pop_front();
            }
            if waiting.is_empty() {
                return;
            }
            let Some(slot) = self.reserve() else { return };
            let next = waiting.pop_front();
            drop(waiting);
            if let Some(next) = next {
                // If it gives up meanwhile, the slot comes back and is dropped, which serves the one behind it.
                let _ = next.send(Ok(slot));
            }
        }
    }

    fn wants_connection(&self) -> bool {
        let (waiting, dialling) = (self.waiting.borrow().len(), self.dialling.get());
        let connections = self.connections.borrow();
        if waiting == 0
            || connections.len() + dialling >= self.dialer.options.max_connections_per_origin
        {
            return false;
        }
        let Some(latest) = connections.last() else {
            // Nothing is known of it yet: one connection shows how much it carries.
            return dialling == 0;
        };
        let is_content = self.content_until.get().is_some_and(|until| Instant::now() < until);
        !is_content && waiting > dialling * latest.limit().max(1)
    }

    async fn dial(self: Rc<Self>) {
        let uri = self.target.uri();
        let dialled = self.dialer.dial(&uri, || self.evict_idle_neighbour()).await;
        self.dialling.set(self.dialling.get() - 1);
        match dialled {
            Ok(dialled) => self.join(dialled),
            Err(error) => self.give_up(&error),
        }
        self.stir();
    }

    fn join(self: &Rc<Self>, dialled: Dialled) {
        let connection = Rc::new(dialled.connection);
        self.connections.borrow_mut().push(connection.clone());
        let origin = self.clone();
        tokio::task::spawn_local(async move {
            let _place = dialled.place;
            let options = &origin.dialer.options;
            drive(&connection, dialled.wire, options, || origin.tidy()).await;
            origin.tidy();
        });
    }

    /// Forgets the connections that take nothing more. What is in flight on them holds them itself.
    fn tidy(self: &Rc<Self>) {
        self.connections.borrow_mut().retain(|connection| !connection.is_retired());
        self.stir();
    }

    /// A dial failed. While other connections live or are on their way, it ends nobody's wait.
    fn give_up(&self, error: &PushError) {
        if !self.connections.borrow().is_empty() || self.dialling.get() > 0 {
            self.content_until.set(Some(Instant::now() + CONTENT));
            return;
        }
        let waiting = std::mem::take(&mut *self.waiting.borrow_mut());
        for waiter in waiting {
            let _ = waiter.send(Err(error.clone()));
        }
    }

    fn is_deserted(&self) -> bool {
        self.dialling.get() == 0
            && self.connections.borrow().is_empty()
            && self.waiting.borrow().is_empty()
    }

    /// Makes room for an origin that has no connection yet, at the cost of the one that is needed least.
    fn evict_idle_neighbour(&self) {
        let Some(origins) = self.neighbours.upgrade() else { return };
        let longest_idle = origins
            .borrow()
            .values()
            .flat_map(|origin| origin.connections.borrow().clone())
            .filter(|connection| connection.is_idle() && !connection.is_retired())
            .min_by_key(|connection| connection.idle_since());
        if let Some(connection) = longest_idle {
            connection.retire();
        }
    }

    fn snapshot(&self) -> PoolSnapshot {
        let connections = self.connections.borrow();
        PoolSnapshot {
            origin: self.target.to_string(),
            connections: connections.len(),
            dialling: self.dialling.get(),
            streams: connections.iter().map(|connection| connection.limit()).sum(),
            in_flight: connections.iter().map(|connection| connection.in_flight()).sum(),
            waiting: self.waiting.borrow().iter().filter(|waiter| !waiter.is_closed()).count(),
        }
    }
}

/// One stream of one connection, reserved. Dropped, it goes to the next in line.
pub(super) struct Slot {
    origin: Rc<Origin>,
    connection: Rc<Connection>,
}

impl Slot {
    /// Sends `request` and waits for its answer.
    pub(super) async fn exchange(
        self,
        request: Request<Bytes>,
        deadline: Instant,
    ) -> Result<Answer, PushError> {
        if Target::of(request.uri())? != self.origin.target {
            return Err(Refused::OtherOrigin.into());
        }
        self.connection.exchange(request, deadline).await
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.connection.release();
        if self.connection.is_idle() && self.origin.dialer.is_starving() {
            self.connection.retire();
        }
        if self.connection.is_retired() {
            self.origin.tidy();
        } else {
            self.origin.serve();
        }
    }
}
