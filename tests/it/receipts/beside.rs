//! What receipts cost others: they come last in each of the Journal's transactions, and only a few at a time.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard};

use fanfare::store::journal::{Journal, Writer};
use fanfare::store::{StoreError, StoreFuture};
use futures_util::future::join_all;
use tokio::sync::oneshot;

/// What was committed, a transaction each, and where the writer stops when it next rests.
#[derive(Default)]
struct Content {
    transactions: Vec<Vec<&'static str>>,
    broken: bool,
    gate: Option<(oneshot::Sender<()>, Receiver<()>)>,
}

#[derive(Clone, Default)]
struct Disk(Arc<Mutex<Content>>);

impl Disk {
    fn content(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap()
    }

    fn written(&self) -> Vec<Vec<&'static str>> {
        std::mem::take(&mut self.content().transactions)
    }
}

struct Scribe {
    disk: Disk,
    transaction: Vec<&'static str>,
}

impl Writer for Scribe {
    fn begin(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn finish(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        let mut content = self.disk.content();
        if content.broken {
            return Err(StoreError::Unavailable("the disk of the test is broken".to_owned()));
        }
        content.transactions.push(std::mem::take(&mut self.transaction));
        Ok(())
    }

    fn rollback(&mut self) {
        self.transaction.clear();
    }

    fn committed(&mut self) {}

    fn rest(&mut self) {
        let gate = self.disk.content().gate.take();
        if let Some((entered, released)) = gate {
            entered.send(()).unwrap();
            // Nothing is ever sent: the other side lets go.
            let _ = released.recv();
        }
    }

    fn probe(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn writable(&mut self, _: bool) {}
}

fn journal() -> (Disk, Journal<Scribe>) {
    let disk = Disk::default();
    let scribe = Scribe { disk: disk.clone(), transaction: Vec::new() };
    (disk, Journal::start(scribe).unwrap())
}

fn write(word: &'static str) -> impl FnMut(&mut Scribe) -> Result<(), StoreError> + Send {
    move |scribe| {
        scribe.transaction.push(word);
        Ok(())
    }
}

fn reports(journal: &Journal<Scribe>, count: usize) -> Vec<StoreFuture<()>> {
    (0..count).map(|_| journal.report(write("report"))).collect()
}

/// Holds the writer between two transactions until the sender is dropped.
async fn hold(disk: &Disk, journal: &Journal<Scribe>) -> Sender<()> {
    let (release, released) = channel();
    let (entered, has_entered) = oneshot::channel();
    disk.content().gate = Some((entered, released));
    journal.change(|_| Ok(())).await.unwrap();
    has_entered.await.unwrap();
    disk.written();
    release
}

#[actix_web::test]
async fn they_come_last_and_a_few_at_a_time_whatever_came_first() {
    let (disk, journal) = journal();
    let release = hold(&disk, &journal).await;
    let told = reports(&journal, 70);
    let settled = journal.settlement(write("settlement"));
    let changed = journal.change(write("change"));
    assert_eq!(journal.snapshot().waiting_reports, 70);
    drop(release);
    assert!(join_all(told).await.iter().all(Result::is_ok));
    settled.await.unwrap();
    changed.await.unwrap();
    let written = disk.written();
    let sizes: Vec<_> = written.iter().map(Vec::len).collect();
    assert_eq!(sizes, [2 + 32, 32, 6]);
    assert_eq!(written[0][..3], ["change", "settlement", "report"]);
}

#[actix_web::test]
async fn when_too_many_wait_further_ones_are_refused_and_changes_are_not() {
    let (disk, journal) = journal();
    let release = hold(&disk, &journal).await;
    let told = reports(&journal, 2_000);
    let refused = journal.report(write("one too many")).await;
    let Err(StoreError::Unavailable(why)) = refused else { panic!("{refused:?}") };
    assert_eq!(why, "too many reports wait to be written");
    let changed = journal.change(write("change"));
    drop(release);
    changed.await.unwrap();
    assert!(join_all(told).await.iter().all(Result::is_ok));
    assert_eq!(disk.written().concat().len(), 2_001);
}

#[actix_web::test]
async fn one_that_fails_does_so_alone() {
    let (disk, journal) = journal();
    let release = hold(&disk, &journal).await;
    let torn = || StoreError::Corrupt("a row of the test".to_owned());
    let first = journal.report(write("first"));
    let fails = journal.report::<(), _>(move |_| Err(torn()));
    let last = journal.report(write("last"));
    let changed = journal.change(write("change"));
    drop(release);
    assert!(matches!(fails.await, Err(StoreError::Corrupt(_))));
    for told in [first, last, changed] {
        told.await.unwrap();
    }
    assert_eq!(disk.written(), [["change"], ["first"], ["last"]]);
}

#[actix_web::test]
async fn while_commits_fail_they_are_refused_and_none_is_written_later() {
    let (disk, journal) = journal();
    let release = hold(&disk, &journal).await;
    let waiting = reports(&journal, 40);
    disk.content().broken = true;
    drop(release);
    for told in join_all(waiting).await {
        assert!(matches!(told, Err(StoreError::Unavailable(_))), "{told:?}");
    }
    let refused = journal.report(write("report")).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    disk.content().broken = false;
    let settled = journal.settlement(write("settlement"));
    settled.await.unwrap();
    assert!(!disk.written().concat().contains(&"report"));
}
