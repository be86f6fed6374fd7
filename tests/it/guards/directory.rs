//! A data directory that nobody should keep keys in, or that cannot be written. What stops a user and does not stop root is
//! shown by the directory's mode, which is looked at, not tried.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, chown};
use std::path::Path;

use super::{mode, refused, set_mode};
use crate::harness::daemon::Home;
use crate::harness::push_service::PushService;

fn made(path: &Path, mode: u32) {
    fs::DirBuilder::new().mode(0o700).create(path).unwrap();
    set_mode(path, mode);
}

#[actix_web::test]
async fn one_that_others_can_read_is_refused_with_the_command_that_closes_it() {
    let home = Home::new();
    for mode in [0o755, 0o750, 0o701, 0o770] {
        let data = home.path().join(format!("{mode:o}"));
        made(&data, mode);
        let said = refused(&data, &[]).await;
        let remedy = format!("run `chmod 700 {}`", data.display());
        assert!(said.contains("can be read by other users") && said.contains(&remedy), "{said}");
        assert_eq!(fs::read_dir(&data).unwrap().count(), 0, "not even a lock");
    }
}

#[actix_web::test]
async fn one_that_its_owner_may_not_write_is_refused_with_the_command_that_opens_it() {
    let home = Home::new();
    made(&home.data(), 0o500);
    let said = refused(&home.data(), &[]).await;
    let remedy = format!("cannot be written: run `chmod 700 {}`", home.data().display());
    assert!(said.contains(&remedy), "{said}");
}

#[actix_web::test]
async fn one_of_another_user_is_refused_to_root_as_well() {
    let home = Home::new();
    let (data, owner) = match rustix::process::geteuid().as_raw() {
        0 => {
            made(&home.data(), 0o700);
            chown(home.data(), Some(12_345), None).unwrap();
            (home.data(), 12_345)
        }
        _ => (Path::new("/").to_owned(), 0),
    };
    let said = refused(&data, &[]).await;
    let user = rustix::process::geteuid().as_raw();
    let words = format!("belongs to user {owner}, and this is user {user}");
    assert!(said.contains(&words) && said.contains(&format!("chown -R {user} ")), "{said}");
}

#[actix_web::test]
async fn what_is_no_directory_or_can_be_none_is_refused() {
    let home = Home::new();
    fs::write(home.data(), "a file").unwrap();
    let said = refused(&home.data(), &[]).await;
    assert!(said.contains("is not a directory: move what is there away"), "{said}");
    for cannot in [home.data().join("below"), "/proc/fanfare-data".into()] {
        let said = refused(&cannot, &[]).await;
        assert!(said.contains("choose a directory that this user can write"), "{said}");
    }
    assert_eq!(fs::read(home.data()).unwrap(), b"a file");
}

#[actix_web::test]
async fn a_database_elsewhere_that_others_can_read_is_refused() {
    let home = Home::new();
    let database = home.path().join("other.db");
    fs::write(&database, "").unwrap();
    set_mode(&database, 0o640);
    let url = format!("sqlite:{}", database.display());
    let said = refused(&home.data(), &["--database-url", &url]).await;
    assert!(said.contains(&format!("run `chmod 600 {}`", database.display())), "{said}");
    assert_eq!(mode(&database), 0o640);
}

#[actix_web::test]
async fn one_that_is_not_there_is_made_with_its_parents_and_all_in_it_is_its_owners_alone() {
    let service = PushService::start();
    let home = Home::new();
    let (data, parent) = (home.data(), home.path().join("deep"));
    let mut command = home.command(&service);
    command.env("FANFARE_DATA_DIR", "unused");
    let daemon = home.start_with(command).await;
    assert_eq!(mode(&data), 0o700);
    for entry in fs::read_dir(&data).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    // What came from elsewhere, a backup perhaps, is closed to others.
    let home = daemon.kill();
    set_mode(&home.database(), 0o644);
    let daemon = home.start(&service).await;
    assert_eq!(mode(&daemon.home().database()), 0o600);
    assert!(!parent.exists());
}
