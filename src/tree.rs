//! The tree.
pub mod supervision;
