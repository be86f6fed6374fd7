//! Moving: backups and restores, exports and imports, with the real program.

mod backup;
mod cursors;
mod import;
mod npm;
mod restore;
