//! A channel reads a page of members, and something changes before it hands that out: nobody acts on what was true then.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use fanfare::store::Store;
use fanfare::store::membership::{Leave, Leaver};
use fanfare::tree::sabotage::{Place, Sabotage};

use crate::harness::browser::Browser;
use crate::harness::house::{House, eventually, now};
use crate::harness::push_service::PushService;

/// Stops channels between reading a page and handing it out, while it is asked to.
struct Pause {
    asked: Arc<AtomicBool>,
    read: tokio::sync::mpsc::UnboundedReceiver<()>,
    go_on: mpsc::Sender<()>,
}

fn pause() -> (Sabotage, Pause) {
    let asked = Arc::new(AtomicBool::new(false));
    let (tell, read) = tokio::sync::mpsc::unbounded_channel();
    let (go_on, may_go) = mpsc::channel();
    let (is_asked, may_go) = (Arc::clone(&asked), Mutex::new(may_go));
    let sabotage = Sabotage::when(move |place| {
        if matches!(place, Place::HandOut(_)) && is_asked.swap(false, Ordering::SeqCst) {
            tell.send(()).unwrap();
            may_go.lock().unwrap().recv().unwrap();
        }
        false
    });
    (sabotage, Pause { asked, read, go_on })
}

impl Pause {
    fn ask(&self) {
        self.asked.store(true, Ordering::SeqCst);
    }

    async fn until_read(&mut self) {
        self.read.recv().await.unwrap();
    }

    fn go_on(&self) {
        self.go_on.send(()).unwrap();
    }
}

#[actix_web::test]
async fn new_keys_that_come_while_a_page_waits_are_the_ones_that_are_used() {
    let service = PushService::start();
    let (sabotage, mut pause) = pause();
    let house = House::with(&[&service], |options| options.sabotage = sabotage).await;
    let browser = Browser::new();
    let id = house.subscribe(&browser, &service.endpoint("old"), &["news"]).await;
    pause.ask();
    let notification = house.notify("news", "text").await;
    pause.until_read().await;
    house.replace(house.replacement(&id, &browser, &service.endpoint("new"))).await;
    pause.go_on();
    assert_eq!(house.outcomes(&notification.id).await, HashMap::from([("accepted", 1)]));
    assert_eq!(service.log_of("old").len(), 0);
    assert_eq!(service.log_of("new").len(), 1);
    house.stop().await;
}

#[actix_web::test]
async fn whoever_leaves_while_a_page_waits_gets_nothing_of_it() {
    let service = PushService::start();
    let (sabotage, mut pause) = pause();
    let house = House::with(&[&service], |options| options.sabotage = sabotage).await;
    let browser = Browser::new();
    let id = house.subscribe(&browser, &service.endpoint("it"), &["news", "other"]).await;
    let first = house.notify("news", "first").await;
    house.finished(&first.id).await;
    pause.ask();
    let second = house.notify("news", "second").await;
    pause.until_read().await;
    let before = house.store.journal().commands;
    let who = Leaver::Channel(id, "news".to_owned());
    house.store.leave(Leave { app: house.app, who, now: now() }).await.unwrap();
    eventually("its worker has asked the store", || async {
        (house.store.journal().commands >= before + 2).then_some(())
    })
    .await;
    pause.go_on();
    let third = house.notify("other", "third").await;
    assert_eq!(house.outcomes(&third.id).await, HashMap::from([("accepted", 1)]));
    assert_eq!(house.outcomes(&second.id).await, HashMap::from([("unsubscribed", 1)]));
    let log = service.log_of("it");
    let texts: Vec<_> = log.iter().map(|request| browser.decrypt(&request.body)).collect();
    assert_eq!(texts, [b"first".to_vec(), b"third".to_vec()]);
    house.stop().await;
}
