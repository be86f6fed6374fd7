//! A file that appears under its name when it is whole and on disk, and not before; only its owner can read it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::instance::private_file;

/// Why a file cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// It would overwrite something.
    #[error("{} exists already: choose another name, or overwrite it with --force", .0.display())]
    Exists(PathBuf),
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
    /// Begins what will be `target`; one that exists is overwritten only with `force`, and then in one step.
    pub fn begin(target: &Path, force: bool) -> Result<Self, DraftError> {
        if !force && target.exists() {
            return Err(DraftError::Exists(target.to_owned()));
        }
        let name = target.file_name().ok_or_else(|| DraftError::NoName(target.to_owned()))?;
        let path = target.with_file_name(format!(".{}.part", name.to_string_lossy()));
        let failed = |error| DraftError::System { path: path.clone(), error };
        let file = private_file(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                return Err(DraftError::InUse(target.to_owned()));
            }
            Err(fs::TryLockError::Error(error)) => return Err(failed(error)),
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

/// Has the names in a file's folder on disk.
pub(super) fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_there_when_it_is_whole_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("x");
        let mut draft = Draft::begin(&target, false).unwrap();
        draft.file().write_all(b"half").unwrap();
        assert!(!target.exists());
        assert!(matches!(Draft::begin(&target, false), Err(DraftError::InUse(_))));
        let path = draft.path().to_owned();
        drop(draft);
        assert!(!target.exists() && !path.exists(), "what is given up leaves nothing");

        fs::write(&path, b"left by one that was killed").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let mut draft = Draft::begin(&target, false).unwrap();
        draft.file().write_all(b"whole").unwrap();
        draft.publish().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"whole");
        assert!(matches!(Draft::begin(&target, false), Err(DraftError::Exists(_))));
        let mut draft = Draft::begin(&target, true).unwrap();
        assert_eq!(draft.path().metadata().unwrap().permissions().mode() & 0o777, 0o600);
        draft.file().write_all(b"other").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"whole", "until the other is");
        draft.publish().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"other");
    }
}
