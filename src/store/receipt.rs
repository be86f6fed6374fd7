//! Receipts: what a device says became of a notification on its screen, and what becomes of its word.

use crate::id::{AppId, PublicId};
use crate::model::ReceiptEvent;

/// A device's word.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// The app.
    pub app: AppId,
    /// Whose word it is.
    pub subscription: PublicId,
    /// What it is about.
    pub notification: PublicId,
    /// What happened.
    pub event: ReceiptEvent,
}

/// What becomes of a device's word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReceiptReply {
    /// It is counted.
    Counted,
    /// It had been counted before.
    Repeated,
    /// There is no such subscription in the app.
    UnknownSubscription,
    /// There is no such notification in the app, or it is not due.
    UnknownNotification,
    /// The notification does not ask for receipts.
    NotAsked,
    /// The notification was not for this subscription.
    NotForIt,
}

/// How many devices have said what of a notification.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ReceiptCounts {
    /// It was shown.
    pub shown: i64,
    /// It, or one of its actions, was clicked.
    pub clicked: i64,
    /// It was closed without a click.
    pub closed: i64,
}

impl ReceiptCounts {
    /// Counts one.
    pub fn add(&mut self, event: ReceiptEvent) {
        *match event {
            ReceiptEvent::Shown => &mut self.shown,
            ReceiptEvent::Clicked => &mut self.clicked,
            ReceiptEvent::Closed => &mut self.closed,
        } += 1;
    }
}
