//! A file that appears under its name when it is whole and on disk, and not before; only its owner can read it.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::instance::private_file;

/// Why a file cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// It would overwrite something.
    #[error("{} exists already: choose another name, or overwrite it with --force", .0.display())]
    Exists(PathBuf),
    /// It is what a daemon works with.
    #[error("{} is the database itself, or a part of it: choose another name", .0.display())]
    Database(PathBuf),
    /// Two at once.
    #[error("another fanfare is writing {}: wait for it", .0.display())]
    InUse(PathBuf),
    /// It has no name that something could stand beside.
    #[error("{} is not a file's name", .0.display())]
    NoName(PathBuf),
    /// The system refuses.
    #[error("{} cannot be written: {error}", path.display())]
    System {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// What is written beside its place until it is whole. Dropped before, it is removed.
pub struct Draft {
    target: PathBuf,
    path: PathBuf,
    file: File,
    force: bool,
    published: bool,
}

impl Draft {
    /// Begins what will be `target`; one that exists is overwritten only with `force`, and then in one step. The
    /// `database` that it is taken from never is: a daemon would go on with a file that has no name any more.
    pub fn begin(target: &Path, force: bool, database: &Path) -> Result<Self, DraftError> {
        if is_of(database, target) {
            return Err(DraftError::Database(target.to_owned()));
        }
        if !force && target.exists() {
            return Err(DraftError::Exists(target.to_owned()));
        }
        let name = target.file_name().ok_or_else(|| DraftError::NoName(target.to_owned()))?;
        let path = target.with_file_name(format!(".{}.part", name.to_string_lossy()));
        let failed = |error| DraftError::System { path: path.clone(), error };
        let file = private_file(&path).map_err(failed)?;
        if !is_ours(&file, &path).map_err(failed)? {
            return Err(DraftError::InUse(target.to_owned()));
        }
        // One that was cut short may have left something there.
        file.set_len(0).map_err(failed)?;
        Ok(Self { target: target.to_owned(), path, file, force, published: false })
    }

    /// Where it is until it is whole.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// To write to.
    pub fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// It is whole: on disk, and under its name.
    pub fn publish(mut self) -> Result<(), DraftError> {
        let failed = |error| DraftError::System { path: self.target.clone(), error };
        self.file.sync_all().map_err(failed)?;
        if !self.force && self.target.exists() {
            return Err(DraftError::Exists(self.target.clone()));
        }
        fs::rename(&self.path, &self.target).map_err(failed)?;
        self.published = true;
        sync_folder(&self.target).map_err(failed)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.published {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Locks a draft; `false` when another writes it, or has given it its name since it was opened: then what would be emptied
/// is that one's.
fn is_ours(file: &File, path: &Path) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => return Ok(false),
        Err(fs::TryLockError::Error(error)) => return Err(error),
    }
    let held = file.metadata()?;
    let is_it = |named: fs::Metadata| (named.dev(), named.ino()) == (held.dev(), held.ino());
    Ok(fs::metadata(path).is_ok_and(is_it))
}

/// Whether `target` is the name of the database or of one of its side files, by whatever way.
fn is_of(database: &Path, target: &Path) -> bool {
    let place = |file: &Path| Some(folder(file).canonicalize().ok()?.join(file.file_name()?));
    let Some(target) = place(target) else { return false };
    // SQLite puts the side files beside what a link leads to.
    let names = [place(database), database.canonicalize().ok()];
    names.into_iter().flatten().any(|database| {
        let is_side = |side: &&str| {
            let mut name = database.as_os_str().to_owned();
            name.push(side);
            name == target.as_os_str()
        };
        ["", "-wal", "-shm", "-journal"].iter().any(is_side)
    })
}

fn folder(file: &Path) -> &Path {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Has the names in a file's folder on disk.
pub(super) fn sync_folder(file: &Path) -> io::Result<()> {
    File::open(folder(file))?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn begin(target: &Path, force: bool) -> Result<Draft, DraftError> {
        Draft::begin(target, force, Path::new("fanfare.db"))
    }

    #[test]
    fn the_database_is_overwritten_by_no_name_that_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        fs::write(place("fanfare.db"), b"the database").unwrap();
        fs::create_dir(place("other")).unwrap();
        std::os::unix::fs::symlink(place("fanfare.db"), place("other/linked.db")).unwrap();
        for database in ["fanfare.db", "other/linked.db", "other/../fanfare.db"] {
            for target in ["fanfare.db", "other/../fanfare.db", "fanfare.db-wal", "fanfare.db-shm"]
            {
                let refused = Draft::begin(&place(target), true, &place(database));
                assert!(matches!(refused, Err(DraftError::Database(_))), "{target} of {database}");
            }
            Draft::begin(&place("fanfare.db.backup"), true, &place(database)).unwrap();
        }
        assert_eq!(fs::read(place("fanfare.db")).unwrap(), b"the database");
    }

    #[test]
    fn who_opened_a_draft_before_another_published_it_leaves_it_alone() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("x");
        let draft = begin(&target, false).unwrap();
        let path = draft.path().to_owned();
        let opened = private_file(&path).unwrap();
        assert!(!is_ours(&opened, &path).unwrap(), "it is locked");
        draft.publish().unwrap();
        assert!(!is_ours(&opened, &path).unwrap(), "it is somebody's backup by now");
        drop(opened);
        let opened = private_file(&path).unwrap();
        assert!(is_ours(&opened, &path).unwrap());
    }

    #[test]
    fn a_file_is_there_when_it_is_whole_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("x");
        let mut draft = begin(&target, false).unwrap();
        draft.file().write_all(b"half").unwrap();
        assert!(!target.exists());
        assert!(matches!(begin(&target, false), Err(DraftError::InUse(_))));
        let path = draft.path().to_owned();
        drop(draft);
        assert!(!target.exists() && !path.exists(), "what is given up leaves nothing");

        fs::write(&path, b"left by one that was killed").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let mut draft = begin(&target, false).unwrap();
        draft.file().write_all(b"whole").unwrap();
        draft.publish().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"whole");
        assert!(matches!(begin(&target, false), Err(DraftError::Exists(_))));
        let mut draft = begin(&target, true).unwrap();
        assert_eq!(draft.path().metadata().unwrap().permissions().mode() & 0o777, 0o600);
        draft.file().write_all(b"other").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"whole", "until the other is");
        draft.publish().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"other");
    }
}
