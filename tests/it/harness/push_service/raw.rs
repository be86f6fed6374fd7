//! A push service without a protocol of its own: TLS, and then whatever a test's script does with the bytes. For what a
//! library that behaves would never send.

use std::future::Future;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use bytes::{Buf, BytesMut};
use futures_util::future::{FutureExt, LocalBoxFuture};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{LocalSet, spawn_local};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::ca::Ca;

/// What is done with each connection; it is closed when that ends.
type Script = Arc<dyn Fn(Wire) -> LocalBoxFuture<'static, io::Result<()>> + Send + Sync>;

pub(crate) struct RawService {
    authority: String,
    ca: Arc<Ca>,
    counts: Arc<Counts>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Counts {
    connections: AtomicUsize,
    written: AtomicUsize,
}

impl RawService {
    /// One that speaks HTTP/2, or would if its script did.
    pub(crate) fn http2<F: Future<Output = io::Result<()>> + 'static>(
        script: impl Fn(Wire) -> F + Send + Sync + 'static,
    ) -> Self {
        Self::start(b"h2", Arc::new(move |wire| script(wire).boxed_local()))
    }

    /// The same with HTTP/1.1.
    pub(crate) fn http1<F: Future<Output = io::Result<()>> + 'static>(
        script: impl Fn(Wire) -> F + Send + Sync + 'static,
    ) -> Self {
        Self::start(b"http/1.1", Arc::new(move |wire| script(wire).boxed_local()))
    }

    fn start(alpn: &'static [u8], script: Script) -> Self {
        let ca = Ca::shared();
        let tls = TlsAcceptor::from(ca.server_config(&["127.0.0.1".to_owned()], &[alpn]));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let authority = listener.local_addr().unwrap().to_string();
        let counts = Arc::new(Counts::default());
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn({
            let counts = counts.clone();
            move || {
                let runtime =
                    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                LocalSet::new().block_on(&runtime, async {
                    let listener = TcpListener::from_std(listener).unwrap();
                    tokio::select! {
                        () = accept(listener, tls, script, counts) => {}
                        _ = stopped => {}
                    }
                });
            }
        });
        Self { authority, ca, counts, stop: Some(stop), thread: Some(thread) }
    }

    /// `127.0.0.1:PORT`: what `egress.allow` must say for it to be reached.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    pub(crate) fn endpoint(&self, token: &str) -> String {
        format!("https://{}/push/{token}", self.authority)
    }

    /// What `egress.ca_file` must name for it to be trusted.
    pub(crate) fn ca_file(&self) -> &Path {
        self.ca.file()
    }

    /// Connections there ever were.
    pub(crate) fn connections_ever(&self) -> usize {
        self.counts.connections.load(Ordering::Relaxed)
    }

    /// How many bytes it got rid of: what the other side has read, and what lies in the system's buffers.
    pub(crate) fn written(&self) -> usize {
        self.counts.written.load(Ordering::Relaxed)
    }
}

impl Drop for RawService {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            if !std::thread::panicking() {
                ended.expect("the raw service's thread panicked");
            }
        }
    }
}

async fn accept(listener: TcpListener, tls: TlsAcceptor, script: Script, counts: Arc<Counts>) {
    loop {
        let Ok((tcp, _)) = listener.accept().await else { continue };
        let (tls, script, counts) = (tls.clone(), script.clone(), counts.clone());
        spawn_local(async move {
            let _ = tcp.set_nodelay(true);
            if let Ok(stream) = tls.accept(tcp).await {
                let number = counts.connections.fetch_add(1, Ordering::Relaxed);
                // What breaks a connection is the client's affair: the test sees what it got.
                let _ = script(Wire { number, stream, read: BytesMut::new(), counts }).await;
            }
        });
    }
}

/// One connection, in a script's hands.
pub(crate) struct Wire {
    /// Which it is: 0, 1, 2 …
    pub(crate) number: usize,
    stream: TlsStream<TcpStream>,
    /// What has come and was not looked at yet: whoever gives up waiting for the rest of a frame loses nothing.
    read: BytesMut,
    counts: Arc<Counts>,
}

/// The types of frames (RFC 9113 §6).
pub(crate) mod kind {
    pub(crate) const DATA: u8 = 0;
    pub(crate) const HEADERS: u8 = 1;
    pub(crate) const RST_STREAM: u8 = 3;
    pub(crate) const SETTINGS: u8 = 4;
    pub(crate) const PING: u8 = 6;
    pub(crate) const GOAWAY: u8 = 7;
    pub(crate) const WINDOW_UPDATE: u8 = 8;
    pub(crate) const CONTINUATION: u8 = 9;
}

pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
const ACK: u8 = 1;

/// SETTINGS_MAX_CONCURRENT_STREAMS (RFC 9113 §6.5.2).
const MAX_STREAMS: u16 = 3;

/// Error codes (RFC 9113 §7).
pub(crate) mod code {
    pub(crate) const NO_ERROR: u32 = 0;
    pub(crate) const ENHANCE_YOUR_CALM: u32 = 11;
}

/// `:status` of three digits as HPACK without compression: name 8 of the static table, a literal value (RFC 7541 §6.2.2).
pub(crate) fn status(code: &str) -> Vec<u8> {
    [&[0x08, 3], code.as_bytes()].concat()
}

/// What the client has sent, as far as a script cares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Heard {
    /// A request has begun on this stream.
    Request(u32),
    /// The SETTINGS were taken in.
    SettingsAck,
}

impl Wire {
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await?;
        self.counts.written.fetch_add(bytes.len(), Ordering::Relaxed);
        Ok(())
    }

    /// The same bytes again and again, until the other side has had enough or `most` bytes are gone.
    pub(crate) async fn flood(&mut self, bytes: &[u8], most: usize) -> io::Result<()> {
        let many = bytes.repeat((16 * 1024_usize).div_ceil(bytes.len()));
        for _ in 0..most.div_ceil(many.len()) {
            self.write(&many).await?;
        }
        Ok(())
    }

    /// Nothing more, until the other side closes.
    pub(crate) async fn fall_silent(&mut self) -> io::Result<()> {
        let mut ignored = [0; 4096];
        while self.stream.read(&mut ignored).await? > 0 {}
        Ok(())
    }

    /// Says that nothing more comes, and waits for the other side to close too: what was sent before does arrive.
    pub(crate) async fn hang_up(&mut self) -> io::Result<()> {
        self.stream.shutdown().await?;
        self.fall_silent().await
    }

    /// So many bytes of the client's. Given up meanwhile, they are still to be had.
    async fn take(&mut self, bytes: usize) -> io::Result<BytesMut> {
        while self.read.len() < bytes {
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(self.read.split_to(bytes))
    }

    /// The next frame: its type, flags, stream and payload.
    pub(crate) async fn next_frame(&mut self) -> io::Result<(u8, u8, u32, BytesMut)> {
        const HEAD: usize = 9;
        let length = |head: &[u8]| u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        while self.read.len() < HEAD || self.read.len() < HEAD + length(&self.read) {
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let mut head = self.read.split_to(HEAD);
        let length = length(&head);
        head.advance(3);
        let (kind, flags, stream) = (head.get_u8(), head.get_u8(), head.get_u32());
        Ok((kind, flags, stream, self.read.split_to(length)))
    }

    /// Takes the client's preface and says how many streams there may be.
    pub(crate) async fn open(&mut self, max_streams: u32) -> io::Result<()> {
        self.take(24).await?;
        self.settings(max_streams).await
    }

    /// SETTINGS with a limit of streams.
    pub(crate) async fn settings(&mut self, max_streams: u32) -> io::Result<()> {
        let setting = [&MAX_STREAMS.to_be_bytes()[..], &max_streams.to_be_bytes()].concat();
        self.frame(kind::SETTINGS, 0, 0, &setting).await
    }

    pub(crate) async fn frame(
        &mut self,
        kind: u8,
        flags: u8,
        stream: u32,
        payload: &[u8],
    ) -> io::Result<()> {
        self.write(&frame(kind, flags, stream, payload)).await
    }

    /// 201 without a body.
    pub(crate) async fn answer(&mut self, stream: u32) -> io::Result<()> {
        self.frame(kind::HEADERS, END_STREAM | END_HEADERS, stream, &status("201")).await
    }

    pub(crate) async fn reset(&mut self, stream: u32, code: u32) -> io::Result<()> {
        self.frame(kind::RST_STREAM, 0, stream, &code.to_be_bytes()).await
    }

    pub(crate) async fn goaway(&mut self, last: u32, code: u32) -> io::Result<()> {
        let payload = [last.to_be_bytes(), code.to_be_bytes()].concat();
        self.frame(kind::GOAWAY, 0, 0, &payload).await
    }

    /// What the client says next; its pings and settings are answered on the way.
    pub(crate) async fn hear(&mut self) -> io::Result<Heard> {
        loop {
            let (kind, flags, stream, payload) = self.next_frame().await?;
            match kind {
                kind::HEADERS => return Ok(Heard::Request(stream)),
                kind::SETTINGS if flags & ACK != 0 => return Ok(Heard::SettingsAck),
                kind::SETTINGS => self.frame(kind::SETTINGS, ACK, 0, &[]).await?,
                kind::PING if flags & ACK == 0 => self.frame(kind::PING, ACK, 0, &payload).await?,
                _ => {}
            }
        }
    }

    /// The stream of the next request.
    pub(crate) async fn request(&mut self) -> io::Result<u32> {
        loop {
            if let Heard::Request(stream) = self.hear().await? {
                return Ok(stream);
            }
        }
    }

    /// Answers every request, for ever.
    pub(crate) async fn behave(&mut self) -> io::Result<()> {
        loop {
            let stream = self.request().await?;
            self.answer(stream).await?;
        }
    }

    /// Reads one HTTP/1.1 request, head and body.
    pub(crate) async fn request1(&mut self) -> io::Result<()> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.extend_from_slice(&self.take(1).await?);
        }
        let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length = length.and_then(|length| length.parse().ok()).unwrap_or(0);
        self.take(length).await.map(drop)
    }
}

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}
