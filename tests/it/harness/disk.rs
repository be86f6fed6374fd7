//! A disk that fails when the test says so, below a daemon that is a process of its own: `disk.c` is compiled into a
//! library that is loaded before libc, and steered through a page that both sides see. No root and no strace needed.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use rustix::io::Errno;
use tempfile::TempDir;

/// A word of the page, in the order of `struct control`.
#[derive(Clone, Copy, Debug)]
enum Word {
    Attached,
    Files,
    WriteError,
    SyncError,
    TruncateError,
    ReadError,
    OpenError,
    Room,
    HoldSyncs,
    Failed,
    Held,
    Recording,
}

/// As long as a page, so that all of it can be mapped.
const PAGE: u64 = 4096;

/// Files grow as they like.
const NO_LIMIT: i64 = -1;

/// What a disk can do to whoever relies on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Trouble {
    /// Files may grow by so many bytes; then the disk is full, if need be in the middle of a write.
    Full(i64),
    /// The quota is used up.
    Quota,
    /// The file system has become read-only.
    ReadOnly,
    /// Writes fail.
    Write,
    /// Writes succeed, and what they wrote cannot be made durable.
    Sync,
    /// A file cannot be cut short.
    Truncate,
    /// Nothing can be read, or written.
    Dead,
    /// Nothing can be read.
    Read,
    /// No file can be opened any more.
    Open,
}

/// A kind of file of the data directory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Of {
    /// The database and all that SQLite keeps beside it.
    Everything,
    /// The database's file alone.
    Database,
}

/// What the daemon did, in the order in which it did it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Deed {
    /// Bytes were written to the write-ahead log.
    Wrote(Vec<u8>),
    /// The log is being made durable.
    SyncBegins,
    /// It is.
    Synced,
    /// An HTTP answer is about to be written to its connection.
    Answers(Vec<u8>),
}

/// The test's hold on a daemon's disk. It outlives the daemon.
pub(crate) struct Disk {
    directory: TempDir,
    control: File,
}

impl Disk {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let control = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(directory.path().join("control"))
            .unwrap();
        control.set_len(PAGE).unwrap();
        let disk = Self { directory, control };
        disk.is_repaired();
        disk
    }

    /// Has `command` stand on this disk with what it keeps in `data`.
    pub(crate) fn lie_under(&self, command: &mut Command, data: &Path) {
        // The kernel names files by where they really are.
        let (parent, name) = (data.parent().unwrap(), data.file_name().unwrap());
        let data = parent.canonicalize().unwrap().join(name);
        command
            .env("LD_PRELOAD", library())
            .env("FAULTY_DISK_DIRECTORY", data)
            .env("FAULTY_DISK_CONTROL", self.directory.path().join("control"))
            .env("FAULTY_DISK_RECORD", self.record());
    }

    fn record(&self) -> PathBuf {
        self.directory.path().join("record")
    }

    /// How many daemons have stood on this disk.
    pub(crate) fn attached(&self) -> i64 {
        self.get(Word::Attached)
    }

    /// From now on, and until further notice.
    pub(crate) fn breaks(&self, trouble: Trouble, of: Of) {
        self.is_repaired();
        self.set(Word::Files, if of == Of::Database { 1 } else { 1 | 2 | 4 });
        let io = Errno::IO;
        match trouble {
            Trouble::Full(room) => self.set(Word::Room, room),
            Trouble::Quota => self.fails(&[Word::WriteError], Errno::DQUOT),
            Trouble::ReadOnly => {
                self.fails(&[Word::WriteError, Word::SyncError, Word::TruncateError], Errno::ROFS)
            }
            Trouble::Write => self.fails(&[Word::WriteError], io),
            Trouble::Sync => self.fails(&[Word::SyncError], io),
            Trouble::Truncate => self.fails(&[Word::TruncateError], io),
            Trouble::Dead => {
                self.fails(&[Word::ReadError, Word::WriteError, Word::SyncError], io);
            }
            Trouble::Read => self.fails(&[Word::ReadError], io),
            Trouble::Open => self.fails(&[Word::OpenError], Errno::MFILE),
        }
    }

    fn fails(&self, words: &[Word], errno: Errno) {
        words.iter().for_each(|word| self.set(*word, i64::from(errno.raw_os_error())));
    }

    /// Does what it should.
    pub(crate) fn is_repaired(&self) {
        use Word::{OpenError, ReadError, SyncError, TruncateError, WriteError};
        for word in [WriteError, SyncError, TruncateError, ReadError, OpenError] {
            self.set(word, 0);
        }
        self.set(Word::Room, NO_LIMIT);
    }

    /// Syncs begin and do not end, until they are let go.
    pub(crate) fn holds_syncs(&self) {
        self.set(Word::Files, 1 | 2 | 4);
        self.set(Word::HoldSyncs, 1);
    }

    /// Syncs end again.
    pub(crate) fn lets_syncs_go(&self) {
        self.set(Word::HoldSyncs, 0);
    }

    /// How many syncs are being held.
    pub(crate) fn held(&self) -> i64 {
        self.get(Word::Held)
    }

    /// How many calls have failed.
    pub(crate) fn failed(&self) -> i64 {
        self.get(Word::Failed)
    }

    /// Keeps a record from now on.
    pub(crate) fn records(&self) {
        self.set(Word::Recording, 1);
    }

    /// What was recorded.
    pub(crate) fn deeds(&self) -> Vec<Deed> {
        let bytes = std::fs::read(self.record()).unwrap();
        let mut rest = bytes.as_slice();
        let mut deeds = Vec::new();
        while let Some((head, tail)) = rest.split_at_checked(8) {
            let word = |at: usize| u32::from_ne_bytes(head[at..at + 4].try_into().unwrap());
            let (content, tail) = tail.split_at(word(4) as usize);
            deeds.push(match u8::try_from(word(0)).unwrap() {
                b'w' => Deed::Wrote(content.to_vec()),
                b'b' => Deed::SyncBegins,
                b'e' => Deed::Synced,
                b'a' => Deed::Answers(content.to_vec()),
                other => panic!("the record has {other}"),
            });
            rest = tail;
        }
        deeds
    }

    fn get(&self, word: Word) -> i64 {
        let mut bytes = [0; 8];
        self.control.read_exact_at(&mut bytes, offset(word)).unwrap();
        i64::from_ne_bytes(bytes)
    }

    fn set(&self, word: Word, value: i64) {
        self.control.write_all_at(&value.to_ne_bytes(), offset(word)).unwrap();
    }
}

fn offset(word: Word) -> u64 {
    word as u64 * 8
}

/// Compiled once for this process.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = LIBRARY.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("disk.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/harness/disk.c");
        let output = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"])
            .args([&path, &source])
            .output()
            .expect("a C compiler, which SQLite needs as well");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        (directory, path)
    });
    path
}
