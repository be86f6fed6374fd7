//! The disk fails while the database is made: the start is refused, says what to do, and succeeds when it is done.

use super::{is_ready, is_refused, publish};
use crate::harness::browser::Browser;
use crate::harness::daemon::Home;
use crate::harness::disk::{Disk, Of, Trouble};
use crate::harness::push_service::PushService;

#[actix_web::test]
async fn a_disk_that_fills_up_during_the_migrations_is_no_end_of_the_database() {
    let (service, disk, home) = (PushService::start(), Disk::new(), Home::new());
    for room in [0, 5_000, 40_000, 100_000, 160_000] {
        disk.breaks(Trouble::Full(room), Of::Everything);
        let said = home.fail_to_start_on(&disk, &service);
        // SQLite calls it a full disk only where it writes; where it grows the index of its log, an I/O error.
        let says_what = said.contains("; free some space") || said.contains("disk full, over");
        assert!(says_what, "{room}: {said}");
        assert!(!said.contains("panicked"), "{room}: {said}");
    }
    disk.is_repaired();
    let daemon = home.start_on(&disk, &service).await;
    daemon.subscribe(&Browser::new(), &service.endpoint("it"), "news").await;
    let id = daemon.notify("news", "text").await;
    assert_eq!(daemon.finished(&id).await["outcomes"]["accepted"], 1);
}

#[actix_web::test]
async fn commits_that_fail_during_the_migrations_are_no_end_of_the_database() {
    let (service, disk, home) = (PushService::start(), Disk::new(), Home::new());
    for trouble in [Trouble::Sync, Trouble::Write, Trouble::ReadOnly] {
        disk.breaks(trouble, Of::Everything);
        let said = home.fail_to_start_on(&disk, &service);
        // Where nothing can be written at all, that is found before there is a database.
        let says_what = said.contains("the kernel's log says more")
            || said.contains("choose a directory that this user can write");
        assert!(says_what, "{trouble:?}: {said}");
        assert!(!said.contains("panicked"), "{trouble:?}: {said}");
    }
    disk.is_repaired();
    let daemon = home.start_on(&disk, &service).await;
    disk.breaks(Trouble::Sync, Of::Everything);
    is_refused(&publish(&daemon, "news", "refused").send().await);
    disk.is_repaired();
    is_ready(&daemon).await;
}
