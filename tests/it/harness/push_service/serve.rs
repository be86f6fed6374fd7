//! The service's own thread: TLS, then HTTP/2 on `h2` (which tells streams, resets and GOAWAY apart) or HTTP/1.1.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{Stream, StreamExt};
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::{LocalSet, spawn_local};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::bodies::{drip, endless, streamed, whole};
use super::script::{Answer, Recorded};
use super::state::{Keep, Peak, State};

/// What the server does beside answering.
#[derive(Clone, Debug, Default)]
pub(crate) struct Behaviour {
    pub(crate) max_streams: Option<u32>,
    pub(crate) goaway_after: Option<usize>,
}

/// Serves until `stop` fires or its sender is gone.
pub(crate) fn run(
    listener: std::net::TcpListener,
    tls: Arc<ServerConfig>,
    behaviour: Behaviour,
    state: Arc<State>,
    stop: oneshot::Receiver<()>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async move {
        let accepting = accept(TcpListener::from_std(listener).unwrap(), tls, behaviour, &state);
        // Whoever waits for something that never comes looks at the wall clock now and then.
        let mut second = tokio::time::interval(Duration::from_secs(1));
        let reminding = async {
            loop {
                second.tick().await;
                state.changed.notify_waiters();
            }
        };
        tokio::select! {
            () = accepting => {}
            () = reminding => {}
            _ = stop => {}
        }
    });
}

async fn accept(
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    behaviour: Behaviour,
    state: &Arc<State>,
) {
    let acceptor = TlsAcceptor::from(tls);
    loop {
        let Ok((tcp, _)) = listener.accept().await else { continue };
        let (acceptor, behaviour, state) = (acceptor.clone(), behaviour.clone(), state.clone());
        spawn_local(async move {
            // What breaks a connection is the client's affair: the test sees what it got.
            let _ = connection(tcp, acceptor, behaviour, &state).await;
            state.changed.notify_waiters();
        });
    }
}

async fn connection(
    tcp: TcpStream,
    acceptor: TlsAcceptor,
    behaviour: Behaviour,
    state: &Arc<State>,
) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    let stream = acceptor.accept(tcp).await?;
    let _open = state.connections.enter();
    let number = state.connections_ever.fetch_add(1, Ordering::Relaxed);
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        http2(stream, number, behaviour, state).await.map_err(io::Error::other)
    } else {
        http1(stream, number, state).await.map_err(io::Error::other)
    }
}

async fn http2(
    stream: TlsStream<TcpStream>,
    number: usize,
    behaviour: Behaviour,
    state: &Arc<State>,
) -> Result<(), h2::Error> {
    let mut builder = h2::server::Builder::new();
    builder.initial_connection_window_size(16 * 1024 * 1024);
    if let Some(max) = behaviour.max_streams {
        builder.max_concurrent_streams(max);
    }
    let mut connection = builder.handshake::<_, Bytes>(stream).await?;
    let streams = Rc::new(Peak::default());
    let cut = Rc::new(Notify::new());
    let mut seen = 0;
    loop {
        let accepted = tokio::select! {
            accepted = connection.accept() => accepted,
            () = cut.notified() => return Ok(()),
        };
        let Some(accepted) = accepted else { return Ok(()) };
        let (request, respond) = accepted?;
        seen += 1;
        if behaviour.goaway_after == Some(seen) {
            connection.graceful_shutdown();
        }
        let (state, streams, cut) = (state.clone(), streams.clone(), cut.clone());
        spawn_local(async move {
            let _stream = streams.enter();
            state.streams_of_one.fetch_max(streams.peak(), Ordering::Relaxed);
            // An error here is a stream that the client gave up.
            let _ = exchange(request, respond, number, &state, &cut).await;
        });
    }
}

async fn exchange(
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    connection: usize,
    state: &State,
    cut: &Notify,
) -> Result<(), h2::Error> {
    let _stream = state.streams.enter();
    let (head, mut body) = request.into_parts();
    let mut whole = Vec::new();
    while let Some(chunk) = body.data().await {
        let chunk = chunk?;
        body.flow_control().release_capacity(chunk.len())?;
        if state.keep == Keep::Requests {
            whole.extend_from_slice(&chunk);
        }
    }
    if state.keep == Keep::Counts {
        state.count(head.uri.path());
        respond.send_response(plain(StatusCode::CREATED), true)?;
        return Ok(());
    }
    let answer = state.record(recorded(head, whole.into(), connection, state));
    match answer {
        Answer::Reply { status, headers, body } => {
            let mut stream = respond.send_response(with(status, headers), body.is_empty())?;
            if !body.is_empty() {
                stream.send_data(body, true)?;
            }
        }
        Answer::Hold => {
            held(state).await;
            respond.send_response(plain(StatusCode::CREATED), true)?;
        }
        Answer::Never => {
            std::future::poll_fn(|cx| respond.poll_reset(cx)).await?;
        }
        Answer::Drip => stream_body(&mut respond, drip(), None).await?,
        Answer::EndlessBody => stream_body(&mut respond, endless(), Some(state)).await?,
        Answer::Refuse => respond.send_reset(Reason::REFUSED_STREAM),
        Answer::Reset => respond.send_reset(Reason::INTERNAL_ERROR),
        Answer::Cut => {
            cut.notify_one();
            // Given up now, the stream would be reset, and the client could hear that before the end.
            std::future::poll_fn(|cx| respond.poll_reset(cx)).await?;
        }
    }
    Ok(())
}

async fn stream_body(
    respond: &mut SendResponse<Bytes>,
    chunks: impl Stream<Item = Bytes>,
    taken: Option<&State>,
) -> Result<(), h2::Error> {
    let mut stream = respond.send_response(plain(StatusCode::CREATED), false)?;
    let mut chunks = std::pin::pin!(chunks);
    while let Some(mut chunk) = chunks.next().await {
        while !chunk.is_empty() {
            let room = capacity(&mut stream, chunk.len()).await?;
            if let Some(state) = taken {
                state.endless.fetch_add(room, Ordering::Relaxed);
            }
            stream.send_data(chunk.split_to(room), false)?;
        }
    }
    Ok(())
}

/// How much of `wanted` the other side takes; fails when it has reset the stream.
async fn capacity(stream: &mut SendStream<Bytes>, wanted: usize) -> Result<usize, h2::Error> {
    stream.reserve_capacity(wanted);
    let polled = std::future::poll_fn(|cx| {
        if let std::task::Poll::Ready(reset) = stream.poll_reset(cx) {
            return std::task::Poll::Ready(Err(reset.unwrap_or(Reason::CANCEL).into()));
        }
        stream.poll_capacity(cx).map(|capacity| capacity.unwrap_or(Err(Reason::CANCEL.into())))
    });
    Ok(polled.await?.min(wanted))
}

async fn http1(
    stream: TlsStream<TcpStream>,
    number: usize,
    state: &Arc<State>,
) -> Result<(), hyper::Error> {
    let answering = service_fn(|request: Request<Incoming>| async move {
        let _stream = state.streams.enter();
        let (head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let (status, headers, body) = match state.record(recorded(head, body, number, state)) {
            Answer::Reply { status, headers, body } => (status, headers, whole(body)),
            Answer::Hold => {
                held(state).await;
                (StatusCode::CREATED, HeaderMap::new(), whole(Bytes::new()))
            }
            Answer::Never => std::future::pending().await,
            Answer::Drip => (StatusCode::CREATED, HeaderMap::new(), streamed(drip())),
            Answer::EndlessBody => {
                let counted = state.clone();
                let chunks = endless().inspect(move |chunk| {
                    counted.endless.fetch_add(chunk.len(), Ordering::Relaxed);
                });
                (StatusCode::CREATED, HeaderMap::new(), streamed(chunks))
            }
            Answer::Refuse | Answer::Reset | Answer::Cut => return Err(Broken::Cut),
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    });
    hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), answering)
        .await
}

/// Ends an HTTP/1.1 connection without an answer.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("cut by the test")]
    Cut,
    #[error(transparent)]
    Client(#[from] hyper::Error),
}

async fn held(state: &State) {
    // A closed gate lets everyone through.
    if let Ok(permit) = state.gate.acquire().await {
        permit.forget();
    }
}

fn recorded(head: http::request::Parts, body: Bytes, connection: usize, state: &State) -> Recorded {
    let path = head.uri.path_and_query().map_or("", |path| path.as_str());
    Recorded {
        index: 0,
        connection,
        token: path.strip_prefix(state.prefix()).unwrap_or(path).to_owned(),
        method: head.method,
        version: head.version,
        headers: head.headers,
        body,
    }
}

fn plain(status: StatusCode) -> Response<()> {
    with(status, HeaderMap::new())
}

fn with(status: StatusCode, headers: HeaderMap) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
