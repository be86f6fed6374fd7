//! A stream on a clock of the test's, over a store that is one value.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;

use futures_util::{FutureExt, StreamExt};
use tokio::time::advance;

use super::*;
use crate::clock::Timestamp;
use crate::id::{IdKind, PublicId};
use crate::model::{Outcome, Outcomes};
use crate::store::progress::Progress;
use crate::store::view::NotificationView;

/// A notification to three, and a stream of it.
struct Stage {
    view: Rc<RefCell<Result<Option<NotificationView>, StoreError>>>,
    reads: Rc<Cell<u32>>,
    progress: Progress,
    streams: Streams,
    id: PublicId,
    stream: Pin<Box<dyn Stream<Item = Result<Bytes, Infallible>>>>,
}

fn view(id: &PublicId, accepted: i64) -> NotificationView {
    let mut outcomes = Outcomes::default();
    outcomes.add(Outcome::Accepted, accepted);
    NotificationView {
        id: id.clone(),
        channel: "line\nbreak".into(),
        seq: Some(1),
        recipients: Some(3),
        outcomes,
        created: Timestamp::default(),
        expires: Timestamp::default(),
        send_at: None,
        cancelled: false,
        receipts: None,
    }
}

impl Stage {
    fn begin(accepted: i64) -> Self {
        let id = PublicId::random(IdKind::Notification, &mut rand::rng());
        let (progress, streams) = (Progress::default(), Streams::default());
        let first = view(&id, accepted);
        let view = Rc::new(RefCell::new(Ok(Some(first.clone()))));
        let reads = Rc::new(Cell::new(0));
        let read = {
            let (view, reads) = (Rc::clone(&view), Rc::clone(&reads));
            move || {
                reads.set(reads.get() + 1);
                let read = view.borrow().clone();
                async move { Ok(read?.map(NotificationStatus::from)) }
            }
        };
        let watch = progress.watch(id.clone());
        let stream = Box::pin(events(first.into(), watch, streams.clone(), read));
        Self { view, reads, progress, streams, id, stream }
    }

    fn settle(&self, accepted: i64) {
        *self.view.borrow_mut() = Ok(Some(view(&self.id, accepted)));
        self.progress.mark([self.id.clone()]);
    }

    /// What comes now, without any time going by: the names of the events and how many were accepted, or the comment.
    fn says(&mut self) -> Option<String> {
        let frame = self.stream.next().now_or_never()??.unwrap();
        let text = String::from_utf8(frame.to_vec()).unwrap();
        let mut said = Vec::new();
        for event in text.split_terminator("\n\n") {
            match event.split_once("\ndata: ") {
                None => said.push(event.to_owned()),
                Some((name, data)) => {
                    let status: serde_json::Value = serde_json::from_str(data).unwrap();
                    said.push(format!("{name} {}", status["outcomes"]["accepted"]));
                }
            }
        }
        Some(said.join(", "))
    }

    fn is_over(&mut self) -> bool {
        matches!(self.stream.next().now_or_never(), Some(None))
    }
}

const MS: Duration = Duration::from_millis(1);

#[tokio::test(start_paused = true)]
async fn the_status_comes_at_once_and_at_each_change_and_then_it_is_done() {
    let mut stage = Stage::begin(0);
    assert_eq!(stage.says().as_deref(), Some("event: status 0"));
    assert_eq!(stage.says(), None);
    advance(Duration::from_secs(1)).await;
    stage.settle(1);
    assert_eq!(stage.says().as_deref(), Some("event: status 1"));
    advance(Duration::from_secs(1)).await;
    stage.settle(3);
    assert_eq!(stage.says().as_deref(), Some("event: status 3, event: done 3"));
    assert!(stage.is_over());
    drop(stage.stream);
    assert_eq!(stage.progress.watched(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_over_is_told_once_and_the_stream_is_closed() {
    let mut stage = Stage::begin(3);
    assert_eq!(stage.says().as_deref(), Some("event: status 3, event: done 3"));
    assert!(stage.is_over());
}

#[tokio::test(start_paused = true)]
async fn changes_that_come_in_a_burst_are_one_status_and_one_read() {
    let mut stage = Stage::begin(0);
    assert_eq!(stage.says().as_deref(), Some("event: status 0"));
    for _ in 0..1000 {
        stage.settle(1);
    }
    assert_eq!(stage.says(), None, "not so soon after the first");
    advance(PAUSE - MS).await;
    stage.settle(2);
    assert_eq!(stage.says(), None);
    advance(MS).await;
    assert_eq!(stage.says().as_deref(), Some("event: status 2"));
    assert_eq!(stage.reads.get(), 1);
    stage.settle(2);
    advance(PAUSE).await;
    assert_eq!(stage.says(), None, "that is how it stood");
    assert_eq!(stage.reads.get(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_silence_is_broken_every_fifteen_seconds() {
    let mut stage = Stage::begin(0);
    assert_eq!(stage.says().as_deref(), Some("event: status 0"));
    for _ in 0..3 {
        advance(KEEP_ALIVE - MS).await;
        assert_eq!(stage.says(), None);
        advance(MS).await;
        assert_eq!(stage.says().as_deref(), Some(": still here"));
    }
    advance(KEEP_ALIVE / 2).await;
    stage.settle(1);
    assert_eq!(stage.says().as_deref(), Some("event: status 1"));
    advance(KEEP_ALIVE / 2).await;
    assert_eq!(stage.says(), None, "it is not silent");
}

#[tokio::test(start_paused = true)]
async fn what_nobody_was_told_of_is_seen_when_a_silence_is_broken() {
    let mut stage = Stage::begin(0);
    assert_eq!(stage.says().as_deref(), Some("event: status 0"));
    *stage.view.borrow_mut() = Ok(Some(view(&stage.id, 3)));
    assert_eq!(stage.says(), None);
    advance(KEEP_ALIVE).await;
    assert_eq!(stage.says().as_deref(), Some("event: status 3, event: done 3"));
    assert!(stage.is_over());
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_when_the_server_stops_and_one_that_begins_then_at_once() {
    let mut stage = Stage::begin(0);
    assert_eq!(stage.says().as_deref(), Some("event: status 0"));
    assert_eq!(stage.says(), None);
    stage.streams.end();
    assert_eq!(stage.says().as_deref(), Some(": the server stops: ask again"));
    assert!(stage.is_over());

    let mut late = Stage::begin(0);
    late.streams.end();
    assert_eq!(late.says().as_deref(), Some("event: status 0"));
    assert_eq!(late.says().as_deref(), Some(": the server stops: ask again"));
    assert!(late.is_over());
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_when_there_is_nothing_to_see_or_it_cannot_be_read() {
    for (end, words) in [
        (Ok(None), ": there is nothing to see any more"),
        (Err(StoreError::Closed), ": the status cannot be read: ask again"),
    ] {
        let mut stage = Stage::begin(0);
        assert_eq!(stage.says().as_deref(), Some("event: status 0"));
        *stage.view.borrow_mut() = end;
        stage.progress.mark([stage.id.clone()]);
        advance(PAUSE).await;
        assert_eq!(stage.says().as_deref(), Some(words));
        assert!(stage.is_over());
    }
    let mut revoked = Stage::begin(0);
    assert_eq!(revoked.says().as_deref(), Some("event: status 0"));
    *revoked.view.borrow_mut() = Ok(None);
    assert_eq!(revoked.says(), None, "nothing has happened to the notification");
    advance(KEEP_ALIVE).await;
    assert_eq!(revoked.says().as_deref(), Some(": there is nothing to see any more"));
}
