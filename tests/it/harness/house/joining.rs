//! How browsers come to live in a house: who subscribes, to what, by whose word.

use fanfare::id::PublicId;
use fanfare::store::Store;
use fanfare::store::directory::{AppSettings, DEFAULT_APP, DirectoryChange};
use fanfare::store::membership::{Authority, Replace, ReplaceReply, Subscribe, SubscribeReply};
use fanfare::store::view::SubscriptionView;
use fanfare::webpush::subscription::PushSubscription;
use futures_util::future::join_all;

use super::{House, now};
use crate::harness::browser::Browser;
use crate::harness::push_service::PushService;

impl House {
    /// A browser's subscribe by an API key, to be changed before it is made.
    pub(crate) fn joining(
        &self,
        browser: &Browser,
        endpoint: &str,
        channels: &[&str],
    ) -> Subscribe {
        let parsed = parsed(browser, endpoint);
        Subscribe {
            app: self.app,
            channels: channels.iter().map(|&channel| channel.to_owned()).collect(),
            endpoint: parsed.endpoint,
            keys: parsed.keys,
            expires: None,
            vapid_key: self.vapid_key,
            authority: Authority::ApiKey,
            now: now(),
        }
    }

    /// Makes a subscribe.
    pub(crate) async fn join(&self, command: Subscribe) -> SubscribeReply {
        self.store.subscribe(command).await.unwrap()
    }

    /// Puts a browser into channels.
    pub(crate) async fn subscribe(
        &self,
        browser: &Browser,
        endpoint: &str,
        channels: &[&str],
    ) -> PublicId {
        match self.join(self.joining(browser, endpoint, channels)).await {
            SubscribeReply::Subscribed { id, .. } => id,
            refused @ (SubscribeReply::EndpointInUse
            | SubscribeReply::Exclusive(_)
            | SubscribeReply::Full(_)) => {
                panic!("not subscribed: {refused:?}")
            }
        }
    }

    /// Puts `count` browsers into a channel, at endpoints `0`, `1`, … of the service.
    pub(crate) async fn crowd(
        &self,
        service: &PushService,
        channel: &str,
        count: usize,
    ) -> Vec<Browser> {
        let browsers: Vec<_> = (0..count).map(|_| Browser::new()).collect();
        let joins = browsers.iter().enumerate().map(|(index, browser)| async move {
            self.subscribe(browser, &service.endpoint(&index.to_string()), &[channel]).await
        });
        join_all(joins).await;
        browsers
    }

    /// A subscription's new endpoint and keys, to be changed before it gets them.
    pub(crate) fn replacement(&self, id: &PublicId, browser: &Browser, endpoint: &str) -> Replace {
        let parsed = parsed(browser, endpoint);
        Replace {
            app: self.app,
            id: id.clone(),
            endpoint: parsed.endpoint,
            keys: parsed.keys,
            expires: None,
            vapid_key: self.vapid_key,
            now: now(),
        }
    }

    /// Makes a replacement that must succeed.
    pub(crate) async fn replace(&self, command: Replace) -> SubscriptionView {
        match self.store.replace(command).await.unwrap() {
            ReplaceReply::Replaced(view) => view,
            refused @ (ReplaceReply::Unknown
            | ReplaceReply::EndpointInUse
            | ReplaceReply::Full(_)) => {
                panic!("not replaced: {refused:?}")
            }
        }
    }

    /// A subscription as it stands.
    pub(crate) async fn subscription(&self, id: &PublicId) -> SubscriptionView {
        let view = self.store.subscription(self.app, id.clone(), now()).await.unwrap();
        view.expect("a subscription that was made")
    }

    /// Changes the app's settings.
    pub(crate) async fn settle_in(&self, change: impl FnOnce(&mut AppSettings)) {
        let mut settings = self.store.directory().apps[DEFAULT_APP].settings.clone();
        change(&mut settings);
        let change = DirectoryChange::UpdateApp { name: DEFAULT_APP.to_owned(), settings };
        self.store.change_directory(change).await.unwrap().unwrap();
    }
}

fn parsed(browser: &Browser, endpoint: &str) -> PushSubscription {
    PushSubscription::parse(&browser.subscription_json(endpoint), now()).unwrap()
}
