//! An actor's address, and the count of what is on its way to it: actix tells nobody how long a mailbox is.

use std::sync::Arc;

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Handler, MailboxError, Message};

use super::observe::vital::Vital;

/// Where an actor gets its post.
pub struct Postbox<A: Actor> {
    addr: Addr<A>,
    vital: Arc<Vital>,
}

impl<A: Actor> Postbox<A> {
    /// Of the actor at `addr`.
    pub fn new(addr: Addr<A>, vital: Arc<Vital>) -> Self {
        Self { addr, vital }
    }

    /// What the actor knows of itself.
    pub fn vital(&self) -> &Arc<Vital> {
        &self.vital
    }

    /// Sends a message.
    pub fn post<M>(&self, message: M)
    where
        M: Message + Send + 'static,
        M::Result: Send,
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
    {
        self.vital.posted();
        self.addr.do_send(message);
    }

    /// Asks something, and waits for the answer. It is not counted: who looks at an actor is to see what it does for others, and
    /// a question that nobody waits for any more is dropped unread.
    pub async fn ask<M>(&self, message: M) -> Result<M::Result, MailboxError>
    where
        M: Message + Send + 'static,
        M::Result: Send,
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
    {
        self.addr.send(message).await
    }
}

impl<A: Actor> Clone for Postbox<A> {
    fn clone(&self) -> Self {
        Self { addr: self.addr.clone(), vital: Arc::clone(&self.vital) }
    }
}
