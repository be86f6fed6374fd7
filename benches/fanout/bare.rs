//! The bare loop: encrypt, sign (cached), send. No actors, no store: what the machine can do at best, against which the
//! daemon is measured.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use fanfare::clock::Clock;
use fanfare::id::VapidKeyId;
use fanfare::push::egress::Egress;
use fanfare::push::https::HttpsPush;
use fanfare::push::options::PushOptions;
use fanfare::push::{Push, tls};
use fanfare::webpush::encrypt::encrypt;
use fanfare::webpush::request::{self, Urgency};
use fanfare::webpush::subscription::PushSubscription;
use fanfare::webpush::vapid::{VapidKey, VapidSigner};
use tokio::task::{LocalSet, spawn_local};

use crate::browser::Browser;
use crate::recorder::{Recorder, cpu_seconds};

/// A short message in its declarative wrapping.
const PAYLOAD: &[u8] = &[b'x'; 400];

/// Sends one push to each of `count` subscriptions and says how long that took.
pub(crate) fn run(count: usize, threads: usize, in_flight: usize) -> String {
    let mut recorder = Recorder::spawn();
    let shares = subscriptions(&recorder, count, threads);
    let encryption = encryption(&shares[0]);
    let egress = Arc::new(Egress::new(&[recorder.authority()], false).unwrap());
    let tls = tls::client_config(Some(recorder.ca_file())).unwrap();
    let signer = Arc::new((VapidSigner::new(None), VapidKey::generate().unwrap()));
    // One more for this thread: the clock starts when all are there.
    let start = Arc::new(Barrier::new(threads + 1));
    let workers: Vec<_> = shares
        .into_iter()
        .map(|share| {
            let (egress, tls, signer, start) =
                (egress.clone(), tls.clone(), signer.clone(), start.clone());
            std::thread::spawn(move || {
                let runtime =
                    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                start.wait();
                LocalSet::new().block_on(&runtime, async move {
                    let push = HttpsPush::new(egress, tls, PushOptions::default());
                    send_all(Rc::new(push), share, signer, in_flight).await;
                });
            })
        })
        .collect();

    let (ours, theirs) = (cpu_seconds("self"), recorder.cpu_seconds());
    start.wait();
    let started = Instant::now();
    for worker in workers {
        worker.join().unwrap();
    }
    let took = started.elapsed();
    let spent = |before: Option<f64>, after: Option<f64>| {
        let seconds = after.zip(before).map_or(f64::NAN, |(after, before)| after - before);
        seconds * 1e6 / count as f64
    };
    let ours = spent(ours, cpu_seconds("self"));
    let theirs = spent(theirs, recorder.cpu_seconds());
    let seen = recorder.seen();
    assert_eq!((seen.requests, seen.tokens, seen.repeats), (count as u64, count as u64, 0));
    format!(
        "bare loop: {count} deliveries in {took:.2?} on {threads} threads: {:.0}/s; \
         processor time per delivery: ours {ours:.1} µs (encryption alone {encryption:.1} µs), \
         the push service's {theirs:.1} µs; {} connections",
        count as f64 / took.as_secs_f64(),
        seen.peak_connections,
    )
}

fn subscriptions(recorder: &Recorder, count: usize, threads: usize) -> Vec<Vec<PushSubscription>> {
    let mut shares: Vec<_> = (0..threads).map(|_| Vec::new()).collect();
    for number in 0..count {
        let json = Browser::new().subscription_json(&recorder.endpoint(number));
        let subscription = PushSubscription::parse(&json, Clock::System.now()).unwrap();
        shares[number % threads].push(subscription);
    }
    shares
}

/// What one encryption costs on a quiet machine, in microseconds.
fn encryption(subscriptions: &[PushSubscription]) -> f64 {
    let some = &subscriptions[..subscriptions.len().min(2_000)];
    let started = Instant::now();
    for subscription in some {
        encrypt(&subscription.keys, PAYLOAD).unwrap();
    }
    started.elapsed().as_secs_f64() * 1e6 / some.len() as f64
}

async fn send_all(
    push: Rc<HttpsPush>,
    subscriptions: Vec<PushSubscription>,
    signer: Arc<(VapidSigner, VapidKey)>,
    in_flight: usize,
) {
    let subscriptions: Rc<[PushSubscription]> = subscriptions.into();
    let next = Rc::new(Cell::new(0));
    let lanes: Vec<_> = (0..in_flight)
        .map(|_| {
            let (push, signer) = (push.clone(), signer.clone());
            let (subscriptions, next) = (subscriptions.clone(), next.clone());
            spawn_local(async move {
                while let Some(subscription) = subscriptions.get(next.replace(next.get() + 1)) {
                    send(&push, subscription, &signer).await;
                }
            })
        })
        .collect();
    for lane in lanes {
        lane.await.unwrap();
    }
}

async fn send(
    push: &HttpsPush,
    subscription: &PushSubscription,
    (signer, key): &(VapidSigner, VapidKey),
) {
    let endpoint = &subscription.endpoint;
    let permit = push.admit(endpoint.uri()).await.unwrap();
    let now = Clock::System.now();
    let body = encrypt(&subscription.keys, PAYLOAD).unwrap();
    let authorization = signer.authorization(VapidKeyId(1), key, endpoint.origin(), now).unwrap();
    let ttl = Duration::from_secs(86_400);
    let request = request::build(endpoint, authorization, Some(body), ttl, Urgency::Normal, None);
    let answer = push.send(permit, request).await.unwrap();
    assert_eq!(answer.status, 201);
}
