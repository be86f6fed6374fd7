//! Keeps one connection going until it ends: moves its bytes, hears what the peer allows, notices when it is dead, and
//! closes it when nobody has needed it for a while.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use h2::{Ping, PingPong};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::push::connection::Connection;
use crate::push::dial::Wire;
use crate::push::options::PushOptions;

/// Ends with the connection. `room` is called when it can take more than before, or nothing more at all.
pub(super) async fn drive(
    connection: &Connection,
    wire: Wire,
    options: &PushOptions,
    mut room: impl FnMut(),
) {
    let mut ticks = interval_at(Instant::now() + options.heartbeat, options.heartbeat);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut beat = Heartbeat { ticks, ping_sent: false, idle: options.idle };
    match wire {
        Wire::Http1(mut wire) => {
            poll_fn(|cx| {
                if beat.poll(cx, connection, None).is_ready()
                    || Pin::new(&mut wire).poll(cx).is_ready()
                {
                    return Poll::Ready(());
                }
                Poll::Pending
            })
            .await;
        }
        Wire::Http2(mut wire) => {
            let mut pings = wire.ping_pong();
            poll_fn(|cx| {
                // First what has come: after a standstill of ours (a suspended machine), the sign of life lies there unread.
                if Pin::new(&mut wire).poll(cx).is_ready()
                    || beat.poll(cx, connection, pings.as_mut()).is_ready()
                {
                    return Poll::Ready(());
                }
                let was_open = !connection.is_retired();
                let grew = connection.heed(wire.max_concurrent_send_streams());
                if grew || was_open == connection.is_retired() {
                    room();
                }
                Poll::Pending
            })
            .await;
        }
    }
    connection.retire();
}

struct Heartbeat {
    ticks: Interval,
    ping_sent: bool,
    idle: Duration,
}

impl Heartbeat {
    /// Ready when there is no point in going on.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        connection: &Connection,
        mut pings: Option<&mut PingPong>,
    ) -> Poll<()> {
        if let Some(pings) = pings.as_mut()
            && pings.poll_pong(cx).is_ready()
        {
            self.ping_sent = false;
        }
        while self.ticks.poll_tick(cx).is_ready() {
            match self.verdict(connection) {
                Verdict::Well => {}
                Verdict::Listen => {
                    if let Some(pings) = pings.as_mut() {
                        self.ping_sent = pings.send_ping(Ping::opaque()).is_ok();
                    }
                }
                Verdict::Retire => connection.retire(),
                Verdict::Dead => return Poll::Ready(()),
            }
        }
        Poll::Pending
    }

    fn verdict(&self, connection: &Connection) -> Verdict {
        match (connection.is_retired(), connection.is_idle()) {
            // A tick ago it was told to close, and the other side has not let it.
            (true, true) => Verdict::Dead,
            (_, false) if self.ping_sent => Verdict::Dead,
            (_, false) => Verdict::Listen,
            (false, true) if connection.idle_since().elapsed() >= self.idle => Verdict::Retire,
            (false, true) => Verdict::Well,
        }
    }
}

enum Verdict {
    Well,
    Listen,
    Retire,
    Dead,
}
