//! Putting a backup in the place of the database, while no daemon runs. What is there is kept under another name, and
//! whoever is cut off anywhere leaves the one or the other.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::draft::sync_folder;
use super::instance::{Instance, InstanceError, private_file};
use crate::clock::{Clock, Timestamp};
use crate::config::storage::StorageConfig;
use crate::store::sqlite::copying::{self, CopyError, Restored};
use crate::webpush::encrypt;

/// Why nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The data directory is not ours to use.
    #[error(transparent)]
    Instance(#[from] InstanceError),
    /// The backup cannot be read.
    #[error("{} cannot be read: {error}", path.display())]
    Backup {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is what a daemon works with.
    #[error(
        "{} has a write-ahead log beside it: it is a database in use and no backup; `fanfare backup` makes one",
        .0.display()
    )]
    InUse(PathBuf),
    /// The backup is not one, or is damaged, or too new.
    #[error("{} cannot be restored: {error}", path.display())]
    Unfit {
        /// Which.
        path: PathBuf,
        /// Why.
        error: CopyError,
    },
    /// The system refuses.
    #[error("{doing}: {error}; the database is what it was")]
    System {
        /// What was being done.
        doing: &'static str,
        /// Why it failed.
        error: io::Error,
    },
}

fn system(doing: &'static str) -> impl Fn(io::Error) -> RestoreError {
    move |error| RestoreError::System { doing, error }
}

/// What is there now.
#[derive(Debug)]
pub struct Done {
    /// What the backup holds.
    pub restored: Restored,
    /// Where the database is that was there before.
    pub kept: Option<PathBuf>,
}

/// Puts the backup `file` (`-`: what `input` gives) in place.
pub fn restore(
    storage: &StorageConfig,
    file: &Path,
    input: &mut dyn io::Read,
) -> Result<Done, RestoreError> {
    encrypt::install();
    let instance = Instance::take(storage)?;
    let place = Place::of(instance.database());
    place.remove_draft().map_err(system("removing what an earlier restore left"))?;
    let done = place.draft(file, input).and_then(|restored| {
        let kept = place.keep_present()?;
        place.swap()?;
        Ok(Done { restored, kept })
    });
    if done.is_err() {
        // Nothing was changed, or the next one will begin with it.
        let _ = place.remove_draft();
    }
    done
}

/// The database's place, and the names around it.
struct Place {
    database: PathBuf,
    draft: PathBuf,
}

impl Place {
    fn of(database: &Path) -> Self {
        Self { database: database.to_owned(), draft: with(database, ".restoring") }
    }

    fn remove_draft(&self) -> io::Result<()> {
        ["", "-wal", "-shm", "-journal"]
            .iter()
            .try_for_each(|side| remove_if_there(&with(&self.draft, side)))
    }

    /// Copies the backup beside the database, checks it, and makes it fit to be one.
    fn draft(&self, file: &Path, input: &mut dyn io::Read) -> Result<Restored, RestoreError> {
        let unreadable = |error| RestoreError::Backup { path: file.to_owned(), error };
        let copied = system("copying the backup into the data directory");
        let mut draft = private_file(&self.draft).map_err(&copied)?;
        if file == Path::new("-") {
            io::copy(input, &mut draft).map_err(&copied)?;
        } else {
            let mut backup = File::open(file).map_err(unreadable)?;
            let log = fs::metadata(with(file, "-wal"));
            if log.is_ok_and(|log| log.len() > 0) {
                return Err(RestoreError::InUse(file.to_owned()));
            }
            io::copy(&mut backup, &mut draft).map_err(&copied)?;
        }
        let unfit = |error| RestoreError::Unfit { path: file.to_owned(), error };
        copying::check(&self.draft).map_err(unfit)?;
        let restored = copying::prepare(&self.draft).map_err(unfit)?;
        draft.sync_all().map_err(&copied)?;
        Ok(restored)
    }

    /// Gives the present database another name as well, so that it is under one or both at any moment. Answers that name.
    fn keep_present(&self) -> Result<Option<PathBuf>, RestoreError> {
        if !self.database.exists() {
            return Ok(None);
        }
        let kept = self.free_name(Clock::System.now());
        let failed = system("keeping the present database under another name");
        // One file is swapped in one step. A log that cannot be folded is a broken database's, which is kept with it.
        if let Err(error) = copying::fold(&self.database) {
            tracing::warn!(%error, "the present database cannot be read; it is kept as it is");
        }
        let log = with(&self.database, "-wal");
        if log.exists() {
            link(&log, &with(&kept, "-wal")).map_err(&failed)?;
        }
        link(&self.database, &kept).map_err(&failed)?;
        sync_folder(&self.database).map_err(&failed)?;
        Ok(Some(kept))
    }

    /// From here on it is the restored one.
    fn swap(&self) -> Result<(), RestoreError> {
        let failed = system("putting the restored database in place");
        // Another database's log would be taken for its own.
        for side in ["-wal", "-shm", "-journal"] {
            remove_if_there(&with(&self.database, side)).map_err(&failed)?;
        }
        fs::rename(&self.draft, &self.database).map_err(&failed)?;
        sync_folder(&self.database).map_err(&failed)
    }

    /// `fanfare.db.before-restore-20260102T030405Z`
    fn free_name(&self, now: Timestamp) -> PathBuf {
        let time: String = now.to_rfc3339().chars().filter(char::is_ascii_alphanumeric).collect();
        let name = with(&self.database, &format!(".before-restore-{time}"));
        let mut free = name.clone();
        let mut number = 1;
        while free.exists() {
            number += 1;
            free = with(&name, &format!("-{number}"));
        }
        free
    }
}

/// A second name; a file system that has none gets a second file.
fn link(from: &Path, to: &Path) -> io::Result<()> {
    fs::hard_link(from, to).or_else(|_| {
        let mut copy = private_file(to)?;
        io::copy(&mut File::open(from)?, &mut copy)?;
        copy.sync_all()
    })
}

fn remove_if_there(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn with(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use crate::store::directory::{AppSettings, DirectoryChange, Secret};
    use crate::store::sqlite::SqliteStore;
    use crate::webpush::vapid::VapidKey;

    fn app(name: &str) -> DirectoryChange {
        DirectoryChange::CreateApp {
            name: name.to_owned(),
            settings: AppSettings::default(),
            token_secret: Secret(vec![0; 32]),
            vapid_key: VapidKey::generate().unwrap(),
            now: Timestamp::default(),
        }
    }

    /// A database that was not closed well: what it holds is in its log.
    fn place() -> (tempfile::TempDir, Place) {
        let folder = tempfile::tempdir().unwrap();
        let (source, file) = (folder.path().join("source"), folder.path().join("fanfare.db"));
        let store = SqliteStore::open(&source).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(store.change_directory(app("shop"))).unwrap().unwrap();
        for side in ["", "-wal"] {
            fs::copy(with(&source, side), with(&file, side)).unwrap();
        }
        runtime.block_on(store.change_directory(app("later"))).unwrap().unwrap();
        drop(store);
        fs::copy(&source, folder.path().join("backup")).unwrap();
        (folder, Place::of(&file))
    }

    #[test]
    fn whoever_is_cut_off_between_two_steps_leaves_the_one_database_or_the_other() {
        let (folder, place) = place();
        assert!(fs::metadata(with(&place.database, "-wal")).unwrap().len() > 0);
        place.draft(&folder.path().join("backup"), &mut io::empty()).unwrap();
        let draft = fs::read(&place.draft).unwrap();
        assert!(!with(&place.draft, "-wal").exists(), "it is one file");

        let kept = place.keep_present().unwrap().unwrap();
        let present = fs::read(&place.database).unwrap();
        assert!(!with(&place.database, "-wal").exists(), "so that one step can replace it");
        copying::check(&place.database).unwrap();
        assert!(fs::read(&kept).unwrap() == present);
        assert!(present != draft);

        // The next one to come along begins anew.
        place.remove_draft().unwrap();
        assert!(fs::read(&place.database).unwrap() == present);
        place.draft(&folder.path().join("backup"), &mut io::empty()).unwrap();
        let draft = fs::read(&place.draft).unwrap();
        place.swap().unwrap();
        assert!(fs::read(&place.database).unwrap() == draft);
        assert!(fs::read(&kept).unwrap() == present);
    }

    #[test]
    fn a_present_database_that_cannot_be_read_is_kept_with_its_log() {
        let (folder, place) = place();
        fs::write(&place.database, b"not a database any more").unwrap();
        place.draft(&folder.path().join("backup"), &mut io::empty()).unwrap();
        let log = fs::read(with(&place.database, "-wal")).unwrap();
        let kept = place.keep_present().unwrap().unwrap();
        place.swap().unwrap();
        assert_eq!(fs::read(&kept).unwrap(), b"not a database any more");
        assert_eq!(fs::read(with(&kept, "-wal")).unwrap(), log);
        assert!(!with(&place.database, "-wal").exists(), "another's log");
        copying::check(&place.database).unwrap();
    }
}
