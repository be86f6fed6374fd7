//! The Journal over a disk that fails when the test says so: what is refused, what is kept, and what comes first.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard};

use fanfare::store::journal::{Journal, Writer};
use fanfare::store::{StoreError, StoreFuture};
use futures_util::FutureExt;
use futures_util::future::join_all;
use tokio::sync::oneshot;

use crate::harness::house::eventually;

/// What a writer does that can fail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    Begin,
    Commit,
}

/// What is on the disk, and what the disk is told to do.
#[derive(Default)]
struct Content {
    /// The step that fails until further notice.
    broken: Option<Step>,
    failures: u32,
    on_disk: Vec<&'static str>,
    /// What whoever listens was told: that commits fail, or succeed again.
    told: Vec<bool>,
    /// Where the writer stops when it next rests.
    gate: Option<Gate>,
}

/// Tells that somebody has come, and lets nobody through until the other side lets go.
struct Gate {
    entered: oneshot::Sender<()>,
    released: Receiver<()>,
}

/// The test's hold on the disk.
#[derive(Clone, Default)]
struct Disk(Arc<Mutex<Content>>);

impl Disk {
    fn content(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap()
    }

    fn breaks_at(&self, step: Step) {
        self.content().broken = Some(step);
    }

    fn is_repaired(&self) {
        self.content().broken = None;
    }

    fn on_disk(&self) -> Vec<&'static str> {
        self.content().on_disk.clone()
    }

    fn try_to(&self, step: Step) -> Result<MutexGuard<'_, Content>, StoreError> {
        let mut content = self.content();
        if content.broken == Some(step) {
            content.failures += 1;
            return Err(unavailable());
        }
        Ok(content)
    }

    /// Waits until so many tries have failed.
    async fn has_failed(&self, times: u32) {
        let look = || async { (self.content().failures >= times).then_some(()) };
        eventually(&format!("the disk has failed {times} times"), look).await;
    }
}

/// Writes words to a disk, whole transactions at a time.
struct Scribe {
    disk: Disk,
    transaction: Vec<&'static str>,
    /// A command of the transaction has put off to its end what cannot be written.
    puts_off_what_fails: bool,
}

impl Scribe {
    fn write(&mut self, word: &'static str) {
        self.transaction.push(word);
    }
}

impl Writer for Scribe {
    fn begin(&mut self) -> Result<(), StoreError> {
        assert!(self.transaction.is_empty(), "a transaction begins in another");
        self.disk.try_to(Step::Begin).map(drop)
    }

    fn finish(&mut self) -> Result<(), StoreError> {
        if self.puts_off_what_fails { Err(corrupt()) } else { Ok(()) }
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        let mut content = self.disk.try_to(Step::Commit)?;
        content.on_disk.append(&mut self.transaction);
        Ok(())
    }

    fn rollback(&mut self) {
        self.transaction.clear();
        self.puts_off_what_fails = false;
    }

    fn committed(&mut self) {}

    fn rest(&mut self) {
        let gate = self.disk.content().gate.take();
        if let Some(Gate { entered, released }) = gate {
            entered.send(()).unwrap();
            // Nothing is ever sent: the other side lets go.
            let _ = released.recv();
        }
    }

    fn probe(&mut self) -> Result<(), StoreError> {
        self.write("probe");
        Ok(())
    }

    fn writable(&mut self, writable: bool) {
        self.disk.content().told.push(writable);
    }
}

fn unavailable() -> StoreError {
    StoreError::Unavailable("the disk of the test is broken".to_owned())
}

fn corrupt() -> StoreError {
    StoreError::Corrupt("a row of the test".to_owned())
}

fn journal() -> (Disk, Journal<Scribe>) {
    let disk = Disk::default();
    let (disk_of_scribe, transaction) = (disk.clone(), Vec::new());
    let scribe = Scribe { disk: disk_of_scribe, transaction, puts_off_what_fails: false };
    (disk, Journal::start(scribe).unwrap())
}

fn change(journal: &Journal<Scribe>, word: &'static str) -> StoreFuture<&'static str> {
    journal.change(move |scribe| {
        scribe.write(word);
        Ok(word)
    })
}

fn settlement(journal: &Journal<Scribe>, word: &'static str) -> StoreFuture<&'static str> {
    journal.settlement(move |scribe| {
        scribe.write(word);
        Ok(word)
    })
}

/// Holds the writer between two transactions until the sender is dropped, so that what is queued meanwhile shares
/// the next one.
async fn hold(disk: &Disk, journal: &Journal<Scribe>) -> Sender<()> {
    let (release, released) = channel();
    let (entered, has_entered) = oneshot::channel();
    disk.content().gate = Some(Gate { entered, released });
    journal.change(|_| Ok(())).await.unwrap();
    has_entered.await.unwrap();
    release
}

fn is_unavailable<T>(answer: &Result<T, StoreError>) -> bool {
    matches!(answer, Err(StoreError::Unavailable(_)))
}

#[actix_web::test]
async fn commands_that_arrive_together_share_one_transaction_changes_first() {
    let (disk, journal) = journal();
    let release = hold(&disk, &journal).await;
    let settled = settlement(&journal, "settlement");
    let changed = change(&journal, "change");
    drop(release);
    assert_eq!((settled.await.unwrap(), changed.await.unwrap()), ("settlement", "change"));
    assert_eq!(disk.on_disk(), ["change", "settlement"]);
    let snapshot = journal.snapshot();
    assert_eq!((snapshot.batches, snapshot.last_batch), (2, 2));
}

#[actix_web::test]
async fn while_commits_fail_changes_are_refused_and_when_they_succeed_again_so_do_changes() {
    for step in [Step::Begin, Step::Commit] {
        let (disk, journal) = journal();
        disk.breaks_at(step);
        assert!(is_unavailable(&change(&journal, "in the failed batch").await), "{step:?}");
        assert_eq!(disk.content().told, [false], "whoever listens heard of it before the answer");
        assert!(!journal.is_writable());
        let failures = disk.content().failures;
        assert!(is_unavailable(&change(&journal, "after it").await), "{step:?}");
        assert_eq!(disk.content().failures, failures, "refused at once, and not tried");
        disk.has_failed(failures + 1).await;

        disk.is_repaired();
        let writable = || async { journal.is_writable().then_some(()) };
        eventually("commits succeed again", writable).await;
        assert_eq!(change(&journal, "at last").await.unwrap(), "at last");
        assert_eq!(disk.on_disk(), ["probe", "at last"], "{step:?}: what was refused is nowhere");
        assert_eq!(disk.content().told, [false, true]);
    }
}

#[actix_web::test]
async fn a_burst_that_does_not_fit_into_the_transaction_that_fails_is_refused_whole() {
    let (disk, journal) = journal();
    let release = hold(&disk, &journal).await;
    let burst: Vec<_> = (0..1000).map(|_| change(&journal, "change")).collect();
    disk.breaks_at(Step::Commit);
    drop(release);
    disk.has_failed(2).await;
    disk.is_repaired();
    assert!(join_all(burst).await.iter().all(is_unavailable));
    let writable = || async { journal.is_writable().then_some(()) };
    eventually("commits succeed again", writable).await;
    assert_eq!(disk.on_disk(), ["probe"]);
}

#[actix_web::test]
async fn settlements_are_kept_while_commits_fail_and_are_written_in_order_behind_a_probe() {
    for step in [Step::Begin, Step::Commit] {
        let (disk, journal) = journal();
        let release = hold(&disk, &journal).await;
        let refused = change(&journal, "change");
        let kept = ["first", "second", "third"].map(|word| settlement(&journal, word));
        disk.breaks_at(step);
        drop(release);
        assert!(is_unavailable(&refused.await), "{step:?}");
        let later = settlement(&journal, "later");
        let failures = disk.content().failures;
        disk.has_failed(failures + 2).await;
        assert_eq!(disk.on_disk(), [""; 0]);

        disk.is_repaired();
        for (settled, word) in kept.into_iter().zip(["first", "second", "third"]) {
            assert_eq!(settled.await.unwrap(), word, "{step:?}");
        }
        assert_eq!(later.await.unwrap(), "later");
        assert_eq!(disk.on_disk(), ["probe", "first", "second", "third", "later"], "{step:?}");
        journal.close();
    }
}

#[actix_web::test]
async fn a_command_that_fails_does_so_alone_and_nothing_of_it_or_twice_of_the_others_is_written() {
    let (disk, journal) = journal();
    let release = hold(&disk, &journal).await;
    let bad = |scribe: &mut Scribe| -> Result<(), StoreError> {
        scribe.write("half");
        Err(corrupt())
    };
    let (one, bad_change, two) =
        (change(&journal, "one"), journal.change(bad), change(&journal, "two"));
    let (three, bad_settlement, four) =
        (settlement(&journal, "three"), journal.settlement(bad), settlement(&journal, "four"));
    drop(release);
    for answer in [bad_change.await, bad_settlement.await] {
        assert!(matches!(answer, Err(StoreError::Corrupt(_))), "{answer:?}");
    }
    for (answer, word) in [(one, "one"), (two, "two"), (three, "three"), (four, "four")] {
        assert_eq!(answer.await.unwrap(), word);
    }
    assert_eq!(disk.on_disk(), ["one", "two", "three", "four"]);
    assert!(journal.is_writable(), "a command's failure is not the store's");
}

#[actix_web::test]
async fn a_settlement_that_the_store_cannot_take_now_is_kept_until_it_can() {
    let (disk, journal) = journal();
    let mut refusals = 3;
    let kept = journal.settlement(move |scribe: &mut Scribe| {
        if refusals > 0 {
            refusals -= 1;
            return Err(unavailable());
        }
        scribe.write("kept");
        Ok(())
    });
    kept.await.unwrap();
    assert_eq!(
        disk.on_disk(),
        ["probe", "kept"],
        "in the batch, alone, in a batch, and alone again"
    );
}

#[actix_web::test]
async fn what_a_command_has_put_off_to_the_end_fails_alone_as_well() {
    let (disk, journal) = journal();
    let release = hold(&disk, &journal).await;
    let bad = |scribe: &mut Scribe| {
        scribe.puts_off_what_fails = true;
        Ok(())
    };
    let (bad_change, one) = (journal.change(bad), change(&journal, "one"));
    let (bad_settlement, two) = (journal.settlement(bad), settlement(&journal, "two"));
    drop(release);
    for answer in [bad_change.await, bad_settlement.await] {
        assert!(matches!(answer, Err(StoreError::Corrupt(_))), "{answer:?}");
    }
    assert_eq!((one.await.unwrap(), two.await.unwrap()), ("one", "two"));
    assert_eq!(disk.on_disk(), ["one", "two"]);
    assert_eq!(disk.content().told, [true; 0], "the store works");
}

#[actix_web::test]
async fn what_is_in_hand_when_commits_succeed_again_shares_one_transaction() {
    let (disk, journal) = journal();
    let release = hold(&disk, &journal).await;
    disk.breaks_at(Step::Commit);
    let kept: Vec<_> = (0..50).map(|_| settlement(&journal, "kept")).collect();
    drop(release);
    disk.has_failed(1).await;
    disk.is_repaired();
    assert!(join_all(kept).await.iter().all(Result::is_ok));
    assert_eq!(disk.on_disk().len(), 1 + 50);
    assert_eq!(journal.snapshot().last_batch, 50, "one sync, and not fifty");
}

#[actix_web::test]
async fn closing_while_commits_fail_tries_once_more_and_keeps_what_was_in_hand() {
    let (disk, journal) = journal();
    disk.breaks_at(Step::Commit);
    let in_hand = settlement(&journal, "in hand");
    disk.has_failed(1).await;
    disk.is_repaired();
    journal.close();
    in_hand.await.unwrap();
    assert_eq!(disk.on_disk(), ["probe", "in hand"]);
}

#[actix_web::test]
async fn closing_writes_what_is_queued_and_answers_what_comes_later_with_closed() {
    let (disk, journal) = journal();
    let release = hold(&disk, &journal).await;
    let changed = change(&journal, "change");
    let settled = settlement(&journal, "settlement");
    let journal = Arc::new(journal);
    let closing = std::thread::spawn({
        let journal = Arc::clone(&journal);
        move || journal.close()
    });
    let late = || async {
        let answer = settlement(&journal, "asked before it closed");
        answer.now_or_never().map(|answer| answer.unwrap_err())
    };
    let late = eventually("it is closing", late).await;
    assert!(matches!(late, StoreError::Closed), "{late:?}");
    drop(release);
    closing.join().unwrap();
    assert_eq!((changed.await.unwrap(), settled.await.unwrap()), ("change", "settlement"));
    let written = disk.on_disk();
    assert_eq!(written[..2], ["change", "settlement"]);
    assert!(matches!(change(&journal, "late").await, Err(StoreError::Closed)));
    assert!(matches!(settlement(&journal, "late").await, Err(StoreError::Closed)));
    assert_eq!(disk.on_disk(), written);
}

#[actix_web::test]
async fn closing_ends_also_while_commits_fail_and_says_that_settlements_were_not_written() {
    for step in [Step::Begin, Step::Commit] {
        let (disk, journal) = journal();
        disk.breaks_at(step);
        let in_hand = settlement(&journal, "in hand");
        disk.has_failed(1).await;
        let queued = settlement(&journal, "queued");
        journal.close();
        for answer in [in_hand.await, queued.await] {
            assert!(matches!(answer, Err(StoreError::Closed)), "{step:?}: {answer:?}");
        }
        assert_eq!(disk.on_disk(), [""; 0], "{step:?}");
    }
}
