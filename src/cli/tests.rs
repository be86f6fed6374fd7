//! The command line from outside.

use clap::CommandFactory;

use super::*;

#[test]
fn the_definitions_hold_together() {
    Cli::command().debug_assert();
}
