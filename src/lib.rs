//! Fanfare, a self-hosted Web Push fan-out daemon. A web app's browsers subscribe to **channels** (`user:42`, `news`);
//! its backend posts one notification to a channel over HTTP; Fanfare encrypts it for every device on that channel and
//! delivers it through each browser's own push service, in order, with retries, and forgets a device when its push
//! service says that it is gone. One process, one data directory, nothing else to run.
//!
//! This page is the map. The README is for who runs it; each module's first lines say its one job.
//!
//! # Words
//!
//! The same in the configuration, the code, the log, the metrics and the API. As values they are in [`model`],
//! their names in [`id`].
//!
//! | word | meaning |
//! |---|---|
//! | app | one tenant: its VAPID keys, API keys, channels, allowed origins. A fresh install has the app `default` |
//! | channel | a named log of notifications inside an app |
//! | subscription | one browser's push endpoint and its keys (`p256dh`, `auth`); one per endpoint and app |
//! | membership | a subscription in a channel, with its **cursor** (`done_seq`) |
//! | notification | one accepted publish to one channel, at one `seq` of that channel's log; open until every delivery has an outcome |
//! | delivery | one notification on its way to one subscription |
//! | outcome | how a delivery ended: accepted, gone, expired, superseded, rejected, too_large, unsubscribed, cancelled |
//! | push service | the origin behind an endpoint (FCM, Mozilla, Apple, WNS, ntfy, …) |
//! | generation | a counter of a subscription's endpoint and keys: a result of an older generation changes nothing |
//! | gate | stands before each push service's origin: how many requests may be under way there, and whether any may start |
//! | quarantine | where subscriptions go, instead of being deleted, when too many of an origin go at once, or when its push service refuses our key for one of them alone; an operator lets them back or lets them go |
//! | arbiter | one thread that encrypts and sends, with connections of its own; a subscription is placed on one by the hash of its id |
//!
//! # The way of a notification
//!
//! ```text
//! POST …/notifications ─▶ http ─▶ store: the Journal commits ─▶ 202
//!                                   └▶ ChannelSupervisor ─▶ ChannelWorker: a sweep of the members, a page at a time
//!                                                             └▶ SubscriptionSupervisor ─▶ SubscriptionWorker
//!
//! in the worker:  outbox: which is next? ─▶ gate ─▶ admit ─▶ still open? ─▶ sign ─▶ encrypt ─▶ send ─▶ classify ─▶ judge ─▶ settle
//!                 delivery                  tree    push     model          webpush           push    webpush     delivery  store
//! ```
//!
//! [`http`] parses and asks the store; what an accept sets in motion, the store's listener tells the [`tree`]. The
//! waits come before the encryption, so whoever waits holds no ciphertext, no stale token and no cancelled message.
//! A delivery gives its arbiter's credit back when it is settled or must wait, so nobody waits behind a bad endpoint;
//! and no origin's gate lets more than half of all credits in, so nobody waits behind a bad push service.
//!
//! # The tree
//!
//! ```text
//! Root                         upkeep (schedules, expiries, retention), and the end of the process when too many children are given up
//! ├── ChannelSupervisor        registry ChannelId → ChannelWorker, started on demand
//! │   └── ChannelWorker        one per active channel: hands out its log, member by member
//! └── SubscriptionSupervisor   one per arbiter; registry SubscriptionId → SubscriptionWorker
//!     └── SubscriptionWorker   one per active endpoint: encrypts, sends, waits, retries, deletes itself
//! ```
//!
//! Channels and subscriptions are siblings: an endpoint in three channels is one actor, so all that goes to it goes
//! through one place, in one order. Workers start on demand and end when idle: a million subscriptions at rest are
//! rows, not actors. The one writer, the [`Journal`](store::journal::Journal), is a thread of the store's.
//!
//! Actors are thin shells that perform effects. What decides is pure, and gets time and randomness as arguments: the
//! protocol ([`webpush`]), the table of answers ([`webpush::reply`]), what is sent next ([`delivery::outbox`]), whether its
//! push service may be asked now ([`delivery::gate`]), what an attempt's end means ([`delivery::judge`]), when to try again
//! ([`delivery::retry`]), how often to restart ([`tree::supervision::budget`]), which addresses are public ([`push::address`]).
//!
//! # The data
//!
//! There is no row per delivery. A subscription has at most one delivery in flight, so all its state is where it
//! stands in each log:
//!
//! - **Accept**: one transaction takes the channel's row, `head + 1`, and inserts the notification at that `seq`,
//!   whatever the channel's size. `recipients` is the channel's count of members then, less those excluded.
//! - **Cursor**: a membership's `done_seq` says that everything up to it is settled; a new member starts at `head`.
//! - **Settle**: an outcome is booked only if the same transaction moved the cursor, for the generation that was
//!   asked; a result that comes twice counts once. `pending` is `recipients` less all outcomes, never stored.
//! - **Closing**: cancel, expiry and a newer one of the same topic give all that is pending one outcome, in one row.
//!   Cursors step over closed numbers; a result that was in flight takes its unit back out.
//! - **Audience**: a notification is for all members, all but some, or some alone (when it is sent again); `recipients` counts who
//!   of them is there at its number.
//! - **Pauses**, of a push service or a channel, are rows too: what is paused is accepted, waits in its log, and expires as it would.
//! - **Leaving** books every open notification after the cursor that was.
//! - **The brake**: who goes by a push service's answer is counted by app, origin and minute in the transaction that settles; above
//!   a fifth and a hundred within ten minutes the wave's tombstones are kept in a quarantine until an operator undoes or applies it.
//! - **Due lists** are indexes in the store (`not_before`, `expires`), so nothing depends on a living actor: a long wait is
//!   parked there and the worker ends; its supervisor starts it again when it is due.
//! - **Schedule**: what is to be sent later waits in a table of its own. When it is due it takes its number, its recipients, its
//!   exclusions and its topic in one transaction, by the way that every accept takes.
//! - **Receipts**, where an app asks for them: a device's word that something was shown, clicked or closed counts once, and only if
//!   its membership began before that `seq`. They come last in the Journal's transactions, a few at a time.
//! - **Retention**: what is finished is removed oldest first, so many rows at a time. A channel that nobody is in and whose log is
//!   empty goes too, and has another epoch when it comes again.
//! - After a start, the channels with open work are swept again: that is the whole recovery.
//!
//! The tables are in `migrations/sqlite`.
//!
//! # The browser's half
//!
//! `src/web` is compiled into the program as it is: no build step, nothing from another host.
//!
//! ```text
//! page ─▶ fanfare.js ─▶ PushManager      the browser's subscription, made with the app's VAPID key
//!            └▶ POST …/subscriptions     its endpoint and keys, in exchange for an id and a secret ─▶ IndexedDB `fanfare`
//! push ─▶ fanfare-sw.js ─▶ shows it ─▶ tells every open page ─▶ on('message')
//!            └▶ pushsubscriptionchange: PUT by the secret, with no page open and no token
//! ```
//!
//! The record in IndexedDB, one per worker scope, is all that page and worker share. Whatever goes wrong while no page is open is
//! healed when one is (`reconcile` in fanfare.js): an endpoint that moved, a key that was rotated, a subscription that is gone. The
//! payload is Declarative Web Push ([`webpush::message`]), which Safari shows even if no worker runs.
//!
//! Tests: `tests/sdk` (a browser of fakes that refuses what browsers refuse), `tests/dashboard` (how the dashboard writes figures),
//! `tests/browser` (real Firefox and Chromium, and a real Kinto with the plugin in `deploy/kinto`), `tests/it/parsers` (what the
//! W3C, Safari and Gecko make of our payload).
//!
//! # The observer
//!
//! ```text
//! an actor ─▶ its Vital: messages, busy time, restarts, the last messages     written by it alone, read when somebody looks
//! Supervisor ─▶ of its registry the rows that are on somebody's screen        sorted, searched and paged here ([`tree::observe`])
//! once a second ─▶ a sample of the counters ─▶ rings of 1 s, 10 s, 1 and 2 min ([`observe::history`])
//! log ─▶ fmt, and a ring of the last lines                                    ([`observe::log`])
//!                 └─▶ GET /v1/observe/…: once, or as a stream ([`http::live`]) ─▶ /dashboard, `fanfare top`
//! POST /v1/observe/… ─▶ may it? ─▶ a row of the audit log is on disk ─▶ the act ([`http::acting`])
//! ```
//!
//! With nobody watching, nobody is asked anything. What it costs then: a few counts with each message, turn and answer, a copy
//! of each line that is logged, a sample a second, and a look at the store's size every five.
//!
//! `src/web/dashboard` is static modules over `/v1/observe`; `src/web/common` is what it shares with the demo; `src/web/vendor` is
//! what others wrote, as published (uPlot).
//!
//! # Layers
//!
//! ```text
//! main → cli → daemon → http → observe → tree → delivery, push, store, metrics → model → webpush → clock, id
//!          └→ control ⇢ (a socket) ⇢ http          config is named by cli and daemon alone
//! ```
//!
//! A module names what stands to its right, not its left. [`push`], [`store`] and [`delivery`] do not know each other. What is
//! behind a trait ([`store::sqlite`], [`push::https`]) is named where the program is wired, in [`daemon`], and nowhere else. Only
//! [`http`], [`tree`] and [`daemon`] know actix, only [`store::sqlite`] knows diesel, only [`clock`] knows what time it
//! is. `tests/it/layers.rs` has the table, and fails on what is not in it.
//!
//! # Promises
//!
//! | promise | held by |
//! |---|---|
//! | No 202 before the commit. After it, every member at that `seq` gets the notification accepted by its push service, or it ends in exactly one other outcome that can be looked up | [`store::journal`], [`store::sqlite`] (settle, closing, leave) |
//! | To one subscription, requests go out in `seq` order per channel, the next only when the previous one's result is on disk | [`delivery::outbox`]; one worker per endpoint: [`tree::subscription::supervisor`] |
//! | `kill -9` or a panic anywhere: nothing is lost, order is kept, what was in flight or not yet committed may be repeated | cursors in the store; [`tree::supervision`] |
//! | Of all answers of a push service only 404, 410 and seven days of nothing but 507 delete a subscription, and only the generation that was asked; a wave of them is held back and can be undone | [`webpush::reply`], [`delivery::judge`], [`store::brake`] |
//! | A `read` key, a token, an id or an endpoint alone can neither redirect, silence nor delete anybody's subscription | [`store::sqlite`] (subscribe, replace, returning), [`http::auth`] |
//! | What strangers may take is bounded | rates ([`http::rates`]), connections ([`http::connections`]), heads and bodies ([`http::head`], [`http::body`]); an app's own limits are held in the transaction that would pass them ([`store::limit`]) |
//! | A bad endpoint, a bad origin or a panicking actor stops nobody else | a bound on everything: [`push`] (what may come over a connection, whatever the frames), the gates ([`delivery::gate`]), the arbiters' credits ([`tree::channel::arbiters`]), the restart budget ([`tree::supervision::budget`]); a delivery that panics again and again is settled as rejected |
//! | While commits fail no send starts and no publish is accepted; results in hand are kept and go first | [`store::journal`], [`tree::subscription::attempt`] |
//! | Bad input gets an answer that names the field and the limit, never a 500 | [`webpush::field`], [`http::problem`] |
//! | No endpoint, key or payload leaves except to its push service | types whose `Debug` does not show them ([`webpush::subscription`], [`model::Payload`]); [`push::egress`], which judges the very address that is dialled |
//!
//! # What actix does, and the code answers to
//!
//! Found by running actix 0.13, not by reading about it:
//!
//! - `actix::Supervisor` does not restart an actor whose handler panicked, and revives one that stopped itself. So
//!   supervision is ours: [`tree::supervision::child`] polls the actor's context under `catch_unwind` and restarts it in place;
//!   its mailbox and every `Addr` survive. The profile must stay `panic = "unwind"`.
//! - A restart drops the futures that the actor had spawned: a request in flight may be repeated, once.
//! - A mailbox's capacity bounds nothing (each clone of an `Addr` has a slot of its own) and its length cannot be asked:
//!   every bound is a number of ours, and messages under way are counted by their sender ([`tree::subscription::vitals`]).
//! - A mailbox drains in one poll, so long work yields between pages; and every pending future of an actor is polled at each of
//!   its wakes, so no actor holds many.
//! - An actor runs on the thread that started it: each supervisor starts its own workers.
//! - A registry entry goes only when its child has exited; what comes meanwhile waits for the next one. There are never
//!   two workers for one endpoint.
//! - A panic in `stopping` or `stopped` while unwinding aborts the process: no actor of ours has either.
//!
//! The modules below are in reading order: nothing is made of what comes after it.

// Words.

pub mod clock;
pub mod id;

// What is decided, without doing anything.

pub mod webpush;

pub mod model;

pub mod delivery;

// What is done: connections out, rows on disk, numbers for those who watch, and the actors that use them.

pub mod push;

pub mod store;

pub mod metrics;

pub mod tree;

pub mod observe;

// How it is reached from outside.

pub mod http;

pub mod config;

pub mod daemon;

pub mod control;

pub mod cli;
