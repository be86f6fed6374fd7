//! One supervised actor as a future that ends with an [`Exit`].
//!
//! The actor's context is polled under `catch_unwind`. On a panic a restart is spent from the budget, and after
//! its pause the context restarts in place: the mailbox and every `Addr` survive, `Supervised::restarting`
//! rebuilds the state, siblings and the arbiter notice nothing. A stop of its own is final. Who was killed on purpose
//! restarts at once, and that costs nothing. Each turn is timed here.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use actix::dev::ContextFut;
use actix::{Actor, Addr, AsyncContext, Context, Supervised};
use tokio::time::{Instant, Sleep};

use super::budget::{Budget, RestartPolicy};
use super::kill::Killed;
use crate::tree::observe::vital::{By, Vital};

/// How a child ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Exit {
    /// It stopped itself, or nobody holds its address any more.
    Stopped,
    /// It panicked more often than its budget allows; the last panic's message.
    GivenUp(String),
}

/// What ended a turn.
type Panic = Box<dyn Any + Send>;

/// A supervised actor. It runs on the thread that polls it.
#[must_use = "a child runs only while it is polled"]
pub struct Child<A: Actor<Context = Context<A>> + Supervised> {
    context: ContextFut<A, Context<A>>,
    budget: Budget,
    pause: Option<Pin<Box<Sleep>>>,
    vital: Arc<Vital>,
    /// Tokio's, which tests can pause; or a test's own.
    clock: fn() -> Instant,
}

impl<A: Actor<Context = Context<A>> + Supervised> Child<A> {
    /// Prepares an actor, which `make` makes with its address.
    pub fn new(
        policy: RestartPolicy,
        vital: Arc<Vital>,
        make: impl FnOnce(&mut Context<A>) -> A,
    ) -> (Addr<A>, Self) {
        let mut context = Context::new();
        let actor = make(&mut context);
        let addr = context.address();
        let child = Self {
            context: context.into_future(actor),
            budget: Budget::new(policy),
            pause: None,
            vital,
            clock: Instant::now,
        };
        (addr, child)
    }

    /// Polls the actor; `Err` is a panic.
    fn poll_context(&mut self, task: &mut TaskContext<'_>) -> Result<Poll<()>, Panic> {
        let context = &mut self.context;
        let begun = (self.clock)();
        self.vital.takes_thread(begun);
        let end = catch_unwind(AssertUnwindSafe(|| Pin::new(context).poll(task)));
        self.vital.kept_thread(begun, (self.clock)());
        end
    }

    /// Restarts the context; `Err` is a panic, `Ok(false)` that nobody holds the address.
    fn restart(&mut self) -> Result<bool, Panic> {
        let context = &mut self.context;
        catch_unwind(AssertUnwindSafe(|| context.restart()))
    }

    /// What becomes of an actor that panicked: it has a pause before it, or is alive again already, or has ended.
    fn unwound(&mut self, panic: Panic) -> Option<Exit> {
        let now = (self.clock)();
        match panic.downcast::<Killed>() {
            Ok(killed) => {
                self.vital.dies(By::Operator, "killed", now);
                let end = self.live_again();
                // Whoever asked may have gone away meanwhile.
                let _ = killed.0.send(self.vital.restarts());
                end
            }
            Err(panic) => {
                let message = message(&*panic);
                let Some(pause) = self.budget.spend(now.into_std()) else {
                    self.vital.is_given_up(&message);
                    return Some(Exit::GivenUp(message));
                };
                self.vital.dies(By::Panic, &message, now);
                self.pause =
                    Some(Box::pin(tokio::time::sleep(pause.max(Duration::from_millis(1)))));
                None
            }
        }
    }

    fn live_again(&mut self) -> Option<Exit> {
        match self.restart() {
            Ok(true) => {
                self.vital.lives_again();
                None
            }
            Ok(false) => Some(Exit::Stopped),
            Err(panic) => self.unwound(panic),
        }
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a message").to_owned()
}

impl<A: Actor<Context = Context<A>> + Supervised + Unpin> Future for Child<A> {
    type Output = Exit;

    fn poll(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Exit> {
        loop {
            if let Some(pause) = &mut self.pause {
                std::task::ready!(pause.as_mut().poll(task));
                self.pause = None;
                if let Some(exit) = self.live_again() {
                    return Poll::Ready(exit);
                }
                continue;
            }
            match self.poll_context(task) {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(())) => return Poll::Ready(Exit::Stopped),
                Err(panic) => {
                    if let Some(exit) = self.unwound(panic) {
                        return Poll::Ready(exit);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
