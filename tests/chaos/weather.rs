//! The disk fails now and then below a daemon that is up, each time for a while and in one of the ways that there are.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;

use crate::disk::{Disk, Of, Trouble};
use crate::load::Load;

const TROUBLES: [Trouble; 8] = [
    Trouble::Full(0),
    Trouble::Full(100_000),
    Trouble::Quota,
    Trouble::ReadOnly,
    Trouble::Write,
    Trouble::Sync,
    Trouble::Read,
    Trouble::Dead,
];

/// How long the disk is well, and how long it is not, in milliseconds: a daemon lives for a second or two.
const WELL: std::ops::Range<u64> = 50..800;
const UNWELL: std::ops::Range<u64> = 20..700;

/// A disk that can fail.
pub(crate) struct Weather {
    pub(crate) disk: Disk,
    /// How often it has failed.
    pub(crate) spells: Cell<u32>,
}

impl Weather {
    pub(crate) fn new() -> Rc<Self> {
        Rc::new(Self { disk: Disk::new(), spells: Cell::new(0) })
    }

    /// Until the load ends.
    pub(crate) async fn change(self: Rc<Self>, load: Rc<Load>, mut rng: StdRng) {
        while !load.is_ending() {
            tokio::time::sleep(Duration::from_millis(rng.random_range(WELL))).await;
            // A start on a disk that fails is refused, and no run comes of it.
            if load.has_daemon() && !load.is_ending() {
                self.disk.breaks(TROUBLES[rng.random_range(0..TROUBLES.len())], Of::Everything);
                self.spells.set(self.spells.get() + 1);
            }
            tokio::time::sleep(Duration::from_millis(rng.random_range(UNWELL))).await;
            self.disk.is_repaired();
        }
    }
}
