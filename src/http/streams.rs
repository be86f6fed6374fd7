//! Answers that go on until something happens, and bodies that do not arrive: they end when the server stops, or it would
//! wait for them in vain.

use tokio::sync::watch;

/// Tells every stream that the server stops.
#[derive(Clone, Debug)]
pub struct Streams(watch::Sender<bool>);

impl Streams {
    /// Ends all streams, those that are yet to begin among them.
    pub fn end(&self) {
        self.0.send_replace(true);
    }

    /// Waits until they are to end.
    pub async fn ended(&self) {
        // The sender is this, so that it cannot be gone.
        _ = self.0.subscribe().wait_for(|ended| *ended).await;
    }
}

impl Default for Streams {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}
