//! SIGTERM in the middle of everything: a thousand deliveries in flight, callers who publish, connections at rest and half
//! said, waits for a retry, and open event streams.

use futures_util::future::join_all;
use http::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::harness::browser::Browser;
use crate::harness::daemon::{Daemon, Home, KEY};
use crate::harness::house::eventually;
use crate::harness::push_service::{Answer, PushService};

/// A push service of which nothing is known yet is asked 64 things at once, so a thousand take several.
const SERVICES: usize = 16;
const MEMBERS: usize = 1_000;

/// Those whom the notifications that race with the end go to.
const FEW: usize = 5;

/// Event streams, and connections of each other kind.
const OPEN: usize = 10;

#[actix_web::test]
async fn a_thousand_in_flight_are_settled_and_nothing_is_lost_or_repeated() {
    let services: Vec<_> = (0..SERVICES).map(|_| PushService::start()).collect();
    let busy = PushService::start();
    let daemon = start(Home::new(), &services, &busy).await;
    join(&daemon, &services, &busy).await;

    busy.answer_all(Answer::status(503).header("retry-after", "3600"));
    let late = daemon.notify("late", "waits for its retry").await;
    busy.wait_for(1).await;
    services.iter().for_each(|service| service.answer_all(Answer::Hold));
    let first = daemon.notify("news", "in flight").await;
    let in_flight =
        |services: &[PushService]| -> u64 { services.iter().map(PushService::requests).sum() };
    eventually("a thousand are in flight", || async {
        (in_flight(&services) == MEMBERS as u64).then_some(())
    })
    .await;
    let second = daemon.notify("news", "not begun").await;

    let connections = Connections::open(&daemon, &first).await;
    let (enough, stop) = watch::channel(false);
    let publishing = publish_until(&daemon, stop);
    let ending = async {
        daemon.terminate();
        eventually("the daemon has heard it", || async {
            daemon.log().contains("stopping").then_some(())
        })
        .await;
        services.iter().for_each(PushService::release_all);
        connections.see_their_end().await;
        enough.send_replace(true);
    };
    let (raced, ()) = futures_util::join!(publishing, ending);
    let (status, home) = daemon.ended().await;
    assert_eq!(status.code(), Some(0), "{}", last_lines(&home));
    assert_eq!(in_flight(&services), MEMBERS as u64, "nothing was begun after the signal");

    services.iter().for_each(|service| service.answer_all(Answer::status(201)));
    let daemon = start(home, &services, &busy).await;
    for id in [&first, &second] {
        assert_eq!(daemon.finished(id).await["outcomes"]["accepted"], MEMBERS);
    }
    for id in &raced {
        assert_eq!(daemon.finished(id).await["outcomes"]["accepted"], FEW);
    }
    let expected = 2 * MEMBERS + raced.len() * FEW;
    assert_eq!(in_flight(&services), expected as u64, "each exactly once");
    let status = daemon.call(Method::GET, &format!("/v1/notifications/{late}")).send().await.json();
    assert_eq!((&status["outcomes"]["pending"], busy.requests()), (&1.into(), 1), "it waits still");
}

async fn start(home: Home, services: &[PushService], busy: &PushService) -> Daemon {
    let mut command = home.command(busy);
    for service in services {
        command.args(["--egress-allow", service.authority()]);
    }
    home.start_with(command).await
}

/// A thousand at all services, a few at the first, and one whose push service wants to be asked later.
async fn join(daemon: &Daemon, services: &[PushService], busy: &PushService) {
    let endpoints: Vec<_> = (0..MEMBERS)
        .map(|index| services[index % SERVICES].endpoint(&index.to_string()))
        .map(|endpoint| (endpoint, "news"))
        .chain((0..FEW).map(|index| (services[0].endpoint(&format!("few-{index}")), "few")))
        .chain([(busy.endpoint("late"), "late")])
        .collect();
    for chunk in endpoints.chunks(50) {
        let joins = chunk.iter().map(|(endpoint, channel)| async move {
            daemon.subscribe(&Browser::new(), endpoint, channel).await
        });
        join_all(joins).await;
    }
}

/// Publishes until the daemon takes no more; answers the names of what it has accepted.
async fn publish_until(daemon: &Daemon, stop: watch::Receiver<bool>) -> Vec<String> {
    let mut accepted = Vec::new();
    while !*stop.borrow() {
        let call = daemon.call(Method::POST, "/v1/channels/few/notifications");
        match call.text("text/plain", "raced").try_send().await {
            Ok(answer) if answer.status == 202 => {
                accepted.push(answer.json()["id"].as_str().unwrap().to_owned());
            }
            Ok(answer) => assert_eq!(answer.status, 503, "{:?}", answer.body),
            // Refused or closed: the caller knows that it does not know, and says it again.
            Err(_) => tokio::task::yield_now().await,
        }
        if accepted.len() >= 20 {
            return accepted;
        }
    }
    accepted
}

fn last_lines(home: &Home) -> String {
    let log = home.log();
    let lines: Vec<_> = log.lines().rev().take(5).collect();
    lines.join("\n")
}

/// Connections that would be open for long.
struct Connections {
    streams: Vec<TcpStream>,
    idle: Vec<TcpStream>,
    half_heads: Vec<TcpStream>,
    half_bodies: Vec<TcpStream>,
}

impl Connections {
    async fn open(daemon: &Daemon, id: &str) -> Self {
        let connected = async |text: String, until: &str| {
            let mut streams = Vec::new();
            for _ in 0..OPEN {
                let mut stream = TcpStream::connect(daemon.address()).await.unwrap();
                stream.write_all(text.as_bytes()).await.unwrap();
                read_until(&mut stream, until).await;
                streams.push(stream);
            }
            streams
        };
        let key = format!("host: x\r\nauthorization: Bearer {KEY}\r\n");
        let watch = format!("GET /v1/notifications/{id}/events HTTP/1.1\r\n{key}\r\n");
        let post = format!(
            "POST /v1/channels/few/notifications HTTP/1.1\r\n{key}content-type: text/plain\r\n\
             content-length: 100\r\nexpect: 100-continue\r\n\r\nnot all of it"
        );
        Self {
            streams: connected(watch, "event: status").await,
            idle: connected("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(), "ok\n").await,
            half_heads: connected("POST /v1/chan".to_owned(), "").await,
            half_bodies: connected(post, "100 Continue\r\n\r\n").await,
        }
    }

    /// All are closed by the daemon; whoever was in the middle of a body is told so.
    async fn see_their_end(self) {
        for stream in &mut self.streams.into_iter().chain(self.idle).chain(self.half_heads) {
            rest(&mut { stream }).await;
        }
        for mut stream in self.half_bodies {
            let said = rest(&mut stream).await;
            assert!(
                said.starts_with("HTTP/1.1 503 ") && said.contains("the daemon stops"),
                "{said}"
            );
        }
    }
}

async fn read_until(stream: &mut TcpStream, end: &str) {
    let mut text = Vec::new();
    while !String::from_utf8_lossy(&text).contains(end) {
        text.push(stream.read_u8().await.unwrap());
    }
}

async fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    // A reset is an end as well.
    let _ = stream.read_to_end(&mut text).await;
    String::from_utf8_lossy(&text).into_owned()
}
