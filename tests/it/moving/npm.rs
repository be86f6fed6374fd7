//! Somebody who sends with npm's web-push moves in: its key, its list, and on with the pushes.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fanfare::webpush::vapid::VapidKey;
use serde_json::{Value, json};

use crate::harness::browser::Browser;
use crate::harness::daemon::Home;
use crate::harness::push_service::PushService;
use crate::vapid::signed_with;

const BROWSERS: usize = 25;

#[actix_web::test]
async fn an_installation_of_web_push_moves_in_with_its_key_and_its_list() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    let key = VapidKey::generate().unwrap();
    let [key_file, list_file] = ["keys.json", "list.json"].map(|name| daemon.home().beside(name));
    std::fs::write(&key_file, key.export_json()).unwrap();
    let browsers: Vec<_> = (0..BROWSERS).map(|_| Browser::new()).collect();
    let numbered = browsers.iter().enumerate();
    let list: Vec<_> = numbered
        .map(|(at, browser)| browser.subscription_json(&service.endpoint(&at.to_string())))
        .collect();
    std::fs::write(&list_file, serde_json::to_string_pretty(&list).unwrap()).unwrap();

    let told = daemon.fanfare(&["vapid", "import", &key_file]);
    assert_eq!(told.trim(), key.public_base64url());
    let told = daemon.fanfare(&["import", "--channel", "news", &list_file]);
    assert_eq!(told, "25 new, 0 already there\n");
    let id = daemon.notify("news", "hello").await;
    assert_eq!(daemon.finished(&id).await["outcomes"]["accepted"], BROWSERS);
    for (at, browser) in browsers.iter().enumerate() {
        let log = service.log_of(&at.to_string());
        assert_eq!(log.len(), 1);
        assert_eq!(signed_with(&service, &log[0]), key.public_base64url());
        assert_eq!(browser.decrypt_json(&log[0].body)["notification"]["body"], "hello");
    }

    let told = daemon.fanfare(&["vapid", "import", &key_file]);
    assert_eq!(told.trim(), key.public_base64url(), "the same key again is no error");
    let told = daemon.fanfare(&["import", "--channel", "news", &list_file, "--json"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told, json!({ "imported": 0, "changed": 0, "there": 25, "gone": 0, "bad": 0 }));
}

#[actix_web::test]
async fn a_key_goes_out_as_a_pem_and_comes_in_again_beside_keys_in_use() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    let before: Value = serde_json::from_str(&daemon.fanfare(&["vapid", "export"])).unwrap();
    let before = before["publicKey"].as_str().unwrap();
    daemon.subscribe(&Browser::new(), &service.endpoint("one"), "news").await;

    let key = VapidKey::generate().unwrap();
    let file = daemon.home().beside("key");
    std::fs::write(&file, URL_SAFE_NO_PAD.encode(key.scalar())).unwrap();
    let output = daemon.home().run(&["vapid", "import", &file]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("it is not the app's current key"), "{said}");
    let current = |daemon: &crate::harness::daemon::Daemon| {
        let listed: Value =
            serde_json::from_str(&daemon.fanfare(&["vapid", "list", "--json"])).unwrap();
        let items = listed["items"].as_array().unwrap().clone();
        let is_current = items.iter().find(|item| item["current"] == true).unwrap();
        (items.len(), is_current["key"].as_str().unwrap().to_owned())
    };
    assert_eq!(current(&daemon), (2, before.to_owned()));
    daemon.fanfare(&["vapid", "import", &file, "--current"]);
    assert_eq!(current(&daemon), (2, key.public_base64url().to_owned()));
    let pem = daemon.fanfare(&["vapid", "export", "--pem"]);
    assert_eq!(VapidKey::import(&pem).unwrap().export_json(), key.export_json());

    // The list is the other key's, and says so by the flag.
    let list = daemon.home().beside("list");
    let body = Browser::new().subscription_json(&service.endpoint("two"));
    std::fs::write(&list, body.to_string()).unwrap();
    daemon.fanfare(&["import", "--channel", "news", "--push-key", before, &list]);
    let id = daemon.notify("news", "text").await;
    daemon.finished(&id).await;
    assert_eq!(signed_with(&service, &service.log_of("two")[0]), before);
}
