//! Names whose answers change between two looks: admitted first, forbidden then. How many connections got through?

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, TcpListener};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use fanfare::push::egress::Egress;
use fanfare::push::https::HttpsPush;
use fanfare::push::options::PushOptions;
use fanfare::push::resolver::Lookup;
use fanfare::push::{Push, tls};
use futures_util::future::{FutureExt, join_all};
use http::{Request, Uri};
use tokio::task::LocalSet;

/// What a name answers, look after look. The first is in the network that the operator has allowed, so the name is
/// admitted; it leads nowhere.
const ANSWERS: &[&[&str]] = &[
    &["203.0.113.1"],
    &["127.0.0.1"],
    &["203.0.113.1", "127.0.0.1"],
    &["127.0.0.1", "203.0.113.1"],
    &["::ffff:127.0.0.1"],
    &["64:ff9b::127.0.0.1", "203.0.113.1"],
    &["0.0.0.0"],
    &["::1"],
];

pub(crate) struct Rebound {
    names: usize,
    tries: usize,
    /// Those that ended otherwise than refused or at the address that leads nowhere.
    odd: usize,
    reached: usize,
    /// The same names when the network of the forbidden address is allowed, so that one sees that it can be reached.
    reached_when_allowed: usize,
}

pub(crate) fn run(names: usize) -> Rebound {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        // It only listens: what connects waits in its queue, and is counted there.
        let forbidden = TcpListener::bind("127.0.0.1:0").unwrap();
        forbidden.set_nonblocking(true).unwrap();
        let port = forbidden.local_addr().unwrap().port();
        let connections = || std::iter::from_fn(|| forbidden.accept().ok()).count();
        let labels = push_all(port, &["203.0.113.0/24"], names).await;
        let reached = connections();
        let odd = |label: &&&str| !matches!(**label, "refused" | "connect" | "dial_timeout");
        let odd = labels.iter().filter(odd).count();
        push_all(port, &["203.0.113.0/24", "127.0.0.0/8"], 1).await;
        let reached_when_allowed = connections();
        Rebound { names, tries: labels.len(), odd, reached, reached_when_allowed }
    })
}

/// A request to each name for each of its answers; what became of it.
async fn push_all(port: u16, allowed: &[&str], names: usize) -> Vec<&'static str> {
    let looks = Mutex::new(HashMap::<String, usize>::new());
    let lookup: Lookup = Arc::new(move |name| {
        let mut looks = looks.lock().unwrap();
        let look = looks.entry(name).or_insert(0);
        let answers = ANSWERS[*look % ANSWERS.len()];
        *look += 1;
        let answers: Vec<IpAddr> = answers.iter().map(|answer| answer.parse().unwrap()).collect();
        std::future::ready(Ok(answers)).boxed()
    });
    let egress = Arc::new(Egress::new(allowed, false).unwrap());
    let tls = tls::client_config(None).unwrap();
    let options = PushOptions { dial_timeout: Duration::from_secs(1), ..PushOptions::default() };
    let push = Rc::new(HttpsPush::with_lookup(egress, tls, options, lookup));
    let tries = (0..names).map(|number| {
        let push = push.clone();
        async move {
            let uri: Uri =
                format!("https://rebind-{number}.example:{port}/push/x").parse().unwrap();
            let mut labels = Vec::new();
            for _ in ANSWERS {
                let request = Request::post(uri.clone()).body(Bytes::new()).unwrap();
                let sent = match push.admit(&uri).await {
                    Ok(permit) => push.send(permit, request).await,
                    Err(error) => Err(error),
                };
                labels.push(sent.map_or_else(|error| error.label(), |_| "answered"));
            }
            labels
        }
    });
    join_all(tries).await.concat()
}

impl fmt::Display for Rebound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { names, tries, odd, reached, reached_when_allowed } = self;
        write!(
            f,
            "rebinding: {reached} connections of {tries} tries at {names} names reached the forbidden address ({odd} ended \
             oddly; {reached_when_allowed} of {} when it was allowed)",
            ANSWERS.len(),
        )
    }
}
