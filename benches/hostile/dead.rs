//! Origins that nobody answers at: each dies in another way.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::TcpSocket;

use crate::hostile::{Hostile, Seen};

/// Who has not been let into a queue by then, will not be.
const FULL: Duration = Duration::from_millis(200);

/// Nobody listens there.
pub(crate) fn refusing() -> Hostile {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    Hostile::blind(listener.local_addr().unwrap().to_string(), ())
}

/// A queue that is full and that nobody empties: the system drops what else would connect.
pub(crate) fn deaf() -> Hostile {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let listener = {
        let _inside = runtime.enter();
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        socket.listen(1).unwrap()
    };
    let address = listener.local_addr().unwrap();
    let mut queue = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, FULL) {
        queue.push(stream);
    }
    Hostile::blind(address.to_string(), (runtime, listener, queue))
}

/// Takes every connection and says nothing on it.
pub(crate) fn mute() -> Hostile {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    let taken = Arc::new(AtomicU64::new(0));
    // The thread ends with the process: it has nothing to tidy up.
    std::thread::spawn({
        let taken = taken.clone();
        move || {
            let mut silent = Vec::new();
            for stream in listener.incoming() {
                silent.push(stream);
                taken.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    Hostile::new(authority, move || Seen {
        requests: Some(taken.load(Ordering::Relaxed)),
        ..Seen::default()
    })
}
