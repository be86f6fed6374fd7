//! The bare loop: encrypt, sign (cached), send. No actors, no store: what the machine can do at best, against which the
//! daemon is measured.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
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
use rustls::ClientConfig;
use tokio::task::{LocalSet, spawn_local};

use crate::PAYLOAD;
use crate::recorder::Recorder;
use crate::subscriber::Subscriber;

pub(crate) struct BareLoop {
    shares: Vec<Arc<[PushSubscription]>>,
    in_flight: usize,
    egress: Arc<Egress>,
    tls: Arc<ClientConfig>,
    signer: Arc<(VapidSigner, VapidKey)>,
}

impl BareLoop {
    pub(crate) fn new(
        recorder: &Recorder,
        subscribers: &[Subscriber],
        threads: usize,
        in_flight: usize,
    ) -> Self {
        let share = |first| {
            let mine = subscribers.iter().skip(first).step_by(threads);
            mine.map(|subscriber| subscriber.subscription.clone()).collect()
        };
        Self {
            shares: (0..threads).map(share).collect(),
            in_flight,
            egress: Arc::new(Egress::new(&[recorder.authority()], false).unwrap()),
            tls: tls::client_config(Some(recorder.ca_file())).unwrap(),
            signer: Arc::new((VapidSigner::new(None), VapidKey::generate().unwrap())),
        }
    }

    /// Sends one push to each, over connections that it opens first, and says how long all of that took.
    pub(crate) fn run(&self) -> Duration {
        let started = Instant::now();
        std::thread::scope(|scope| {
            for share in &self.shares {
                scope.spawn(|| self.run_share(share));
            }
        });
        started.elapsed()
    }

    fn run_share(&self, share: &Arc<[PushSubscription]>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        LocalSet::new().block_on(&runtime, async {
            let (egress, tls) = (self.egress.clone(), self.tls.clone());
            let push = Rc::new(HttpsPush::new(egress, tls, PushOptions::default()));
            let next = Rc::new(Cell::new(0));
            let lane = |_| {
                let (push, signer) = (push.clone(), self.signer.clone());
                spawn_local(lane(push, signer, share.clone(), next.clone()))
            };
            let lanes: Vec<_> = (0..self.in_flight).map(lane).collect();
            for lane in lanes {
                lane.await.unwrap();
            }
        });
    }
}

/// One request after the other, each to whoever is next.
async fn lane(
    push: Rc<HttpsPush>,
    signer: Arc<(VapidSigner, VapidKey)>,
    share: Arc<[PushSubscription]>,
    next: Rc<Cell<usize>>,
) {
    while let Some(subscription) = share.get(next.replace(next.get() + 1)) {
        send(&push, subscription, &signer).await;
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

/// What one encryption costs while nothing else of ours runs.
pub(crate) fn encryption_micros(subscribers: &[Subscriber]) -> f64 {
    let some = &subscribers[..subscribers.len().min(2_000)];
    let started = Instant::now();
    for subscriber in some {
        encrypt(&subscriber.subscription.keys, PAYLOAD).unwrap();
    }
    started.elapsed().as_secs_f64() * 1e6 / some.len() as f64
}
