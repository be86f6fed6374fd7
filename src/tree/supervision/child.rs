//! One supervised actor as a future that ends with an [`Exit`].
//!
//! The actor's context is polled under `catch_unwind`. On a panic a restart is spent from the budget, and after
//! its pause the context restarts in place: the mailbox and every `Addr` survive, `Supervised::restarting`
//! rebuilds the state, siblings and the arbiter notice nothing. A stop of its own is final.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};
use std::time::{Duration, Instant};

use actix::dev::ContextFut;
use actix::{Actor, Addr, AsyncContext, Context, Supervised};
use tokio::time::Sleep;

use super::budget::{Budget, RestartPolicy};

/// How a child ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Exit {
    /// It stopped itself, or nobody holds its address any more.
    Stopped,
    /// It panicked more often than its budget allows; the last panic's message.
    GivenUp(String),
}

/// What is told of each restart: the panic's message.
pub type OnRestart = Box<dyn Fn(&str)>;

/// A supervised actor. It runs on the thread that polls it.
#[must_use = "a child runs only while it is polled"]
pub struct Child<A: Actor<Context = Context<A>> + Supervised> {
    context: ContextFut<A, Context<A>>,
    budget: Budget,
    pause: Option<Pin<Box<Sleep>>>,
    on_restart: OnRestart,
    clock: fn() -> Instant,
}

impl<A: Actor<Context = Context<A>> + Supervised> Child<A> {
    /// Prepares an actor, which `make` makes with its address.
    pub fn new(
        policy: RestartPolicy,
        on_restart: OnRestart,
        make: impl FnOnce(&mut Context<A>) -> A,
    ) -> (Addr<A>, Self) {
        let mut context = Context::new();
        let actor = make(&mut context);
        let addr = context.address();
        let child = Self {
            context: context.into_future(actor),
            budget: Budget::new(policy),
            pause: None,
            on_restart,
            clock: now,
        };
        (addr, child)
    }

    /// Polls the actor; `Err` is the message of a panic.
    fn poll_context(&mut self, task: &mut TaskContext<'_>) -> Result<Poll<()>, String> {
        let context = &mut self.context;
        catch_unwind(AssertUnwindSafe(|| Pin::new(context).poll(task)))
            .map_err(|panic| message(&*panic))
    }

    /// Restarts the context; `Err` is the message of a panic, `Ok(false)` that nobody holds the address.
    fn restart(&mut self) -> Result<bool, String> {
        let context = &mut self.context;
        catch_unwind(AssertUnwindSafe(|| context.restart())).map_err(|panic| message(&*panic))
    }

    fn panicked(&mut self, message: String) -> Option<Exit> {
        match self.budget.spend((self.clock)()) {
            None => Some(Exit::GivenUp(message)),
            Some(pause) => {
                (self.on_restart)(&message);
                self.pause =
                    Some(Box::pin(tokio::time::sleep(pause.max(Duration::from_millis(1)))));
                None
            }
        }
    }
}

/// The budget counts in tokio's time, which tests can pause.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
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
                match self.restart() {
                    Ok(true) => {}
                    Ok(false) => return Poll::Ready(Exit::Stopped),
                    Err(message) => {
                        if let Some(exit) = self.panicked(message) {
                            return Poll::Ready(exit);
                        }
                        continue;
                    }
                }
            }
            match self.poll_context(task) {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(())) => return Poll::Ready(Exit::Stopped),
                Err(message) => {
                    if let Some(exit) = self.panicked(message) {
                        return Poll::Ready(exit);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use actix::{Handler, Message};

    use super::*;

    #[derive(Default)]
    struct Counting {
        heard: Rc<RefCell<Vec<&'static str>>>,
    }

    impl Actor for Counting {
        type Context = Context<Self>;
    }

    impl Supervised for Counting {
        fn restarting(&mut self, _: &mut Context<Self>) {
            self.heard.borrow_mut().push("restarting");
        }
    }

    #[derive(Message)]
    #[rtype(result = "()")]
    struct Say(&'static str);

    impl Handler<Say> for Counting {
        type Result = ();
        fn handle(&mut self, Say(word): Say, context: &mut Context<Self>) {
            use actix::ActorContext;
            match word {
                "panic" => panic!("as asked"),
                "stop" => context.stop(),
                word => self.heard.borrow_mut().push(word),
            }
        }
    }

    const POLICY: RestartPolicy = RestartPolicy {
        restarts: 2,
        within: Duration::from_secs(60),
        pause: Duration::from_millis(10),
    };

    /// Runs one child on a paused clock, feeds it `words`, and answers its exit and what it heard.
    fn run(words: &[&'static str]) -> (Exit, Vec<&'static str>) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        let local = tokio::task::LocalSet::new();
        let heard = Rc::new(RefCell::new(Vec::new()));
        let exit = local.block_on(&runtime.expect("a runtime of one thread can be built"), async {
            let actor = Counting { heard: Rc::clone(&heard) };
            let (addr, child) = Child::new(POLICY, Box::new(|_| {}), |_| actor);
            words.iter().for_each(|word| addr.do_send(Say(word)));
            child.await
        });
        (exit, heard.take())
    }

    #[test]
    fn a_panic_restarts_the_actor_with_its_mailbox() {
        let (exit, heard) = run(&["one", "panic", "two", "stop"]);
        assert_eq!(heard, ["one", "restarting", "two"]);
        assert_eq!(exit, Exit::Stopped);
    }

    #[test]
    fn a_stop_of_its_own_is_final() {
        let (exit, heard) = run(&["stop", "never heard"]);
        assert_eq!((exit, heard), (Exit::Stopped, vec![]));
    }

    #[test]
    fn an_exhausted_budget_gives_the_child_up_with_the_last_panic() {
        let (exit, heard) = run(&["panic", "panic", "panic", "never heard"]);
        assert_eq!(heard, ["restarting", "restarting"]);
        assert_eq!(exit, Exit::GivenUp("as asked".to_owned()));
    }
}
