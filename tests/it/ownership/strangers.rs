//! Every credential that is not the victim's, held against every call that could redirect, silence or delete its
//! subscription: what is answered, and that the victim gets its notifications as before.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::harness::browser::Browser;
use crate::harness::daemon::{Daemon, Home, KEY};
use crate::harness::house::now;
use crate::harness::push_service::PushService;

/// Who tries.
struct Stranger {
    what: &'static str,
    credential: Option<String>,
    app: Option<&'static str>,
}

/// What is tried: its name, the call, and its body.
type Attempt = (&'static str, Method, String, Option<Value>);

/// The victim's subscription, and the attacker's own.
struct Scene {
    service: PushService,
    daemon: Daemon,
    victim: Browser,
    id: String,
    secret: String,
    own_id: String,
    own_secret: String,
}

async fn post(daemon: &Daemon, path: &str, body: Value) -> Value {
    let answer = daemon.call(Method::POST, path).json(&body).send().await;
    assert!(answer.status.is_success(), "{path}: {:?}", answer.body);
    answer.json()
}

impl Scene {
    async fn set() -> Self {
        let service = PushService::start();
        let daemon = Home::new().start(&service).await;
        let victim = Browser::new();
        let body = json!({
            "channels": ["user:1", "team:7", "demo"],
            "subscription": victim.subscription_json(&service.endpoint("victim")),
        });
        let made = post(&daemon, "/v1/subscriptions", body).await;
        let own = daemon.subscribe(&Browser::new(), &service.endpoint("attacker"), "demo").await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            victim,
            id: text(&made["id"]),
            secret: text(&made["secret"]),
            own_id: text(&own["id"]),
            own_secret: text(&own["secret"]),
            service,
            daemon,
        }
    }

    async fn key(&self, app: &str, scopes: Value) -> String {
        let body = json!({ "title": "a stranger", "scopes": scopes });
        let made = post(&self.daemon, &format!("/v1/apps/{app}/keys"), body).await;
        made["key"].as_str().unwrap().to_owned()
    }

    async fn token(&self, channels: Value) -> String {
        let made = post(&self.daemon, "/v1/tokens", json!({ "channels": channels })).await;
        made["token"].as_str().unwrap().to_owned()
    }

    /// Everything that would redirect, silence or delete the victim, or show it.
    fn attempts(&self) -> Vec<Attempt> {
        let victim = format!("/v1/subscriptions/{}", self.id);
        let endpoint = self.service.endpoint("victim");
        let foreign = |endpoint: &str| Some(Browser::new().subscription_json(endpoint));
        let spelled = endpoint.replacen("https://", "HTTPS://", 1);
        let mut soon = Browser::new().subscription_json(&endpoint);
        soon["expirationTime"] = json!((now() + Duration::from_secs(60)).as_millis());
        let many = json!({ "channels": ["demo"], "subscription": foreign(&endpoint) });
        let own = format!("/v1/subscriptions/{}", self.own_id);
        vec![
            ("redirect", Method::PUT, victim.clone(), foreign(&self.service.endpoint("x"))),
            ("delete", Method::DELETE, victim.clone(), None),
            ("look", Method::GET, victim.clone(), None),
            ("test", Method::POST, format!("{victim}/test"), Some(json!({}))),
            (
                "take out",
                Method::DELETE,
                format!("/v1/channels/user:1/subscriptions/{}", self.id),
                None,
            ),
            (
                "take all out",
                Method::DELETE,
                "/v1/channels/team:7/subscriptions?in=user:1".into(),
                None,
            ),
            ("delete the channel", Method::DELETE, "/v1/channels/user:1".into(), None),
            (
                "other keys",
                Method::POST,
                "/v1/channels/demo/subscriptions".into(),
                foreign(&endpoint),
            ),
            (
                "another spelling",
                Method::POST,
                "/v1/channels/demo/subscriptions".into(),
                foreign(&spelled),
            ),
            ("an end", Method::POST, "/v1/channels/demo/subscriptions".into(), Some(soon)),
            ("in several", Method::POST, "/v1/subscriptions".into(), Some(many)),
            ("move there", Method::PUT, own, foreign(&endpoint)),
        ]
    }

    /// What each attempt is answered.
    async fn answers(&self, stranger: &Stranger) -> Vec<(&'static str, u16)> {
        let mut answers = Vec::new();
        for (what, method, path, body) in self.attempts() {
            let mut call = self.daemon.call_of_anybody(method, &path);
            if let Some(credential) = &stranger.credential {
                call = call.bearer(credential);
            }
            if let Some(app) = stranger.app {
                call = call.header("fanfare-app", app);
            }
            if let Some(body) = &body {
                call = call.json(body);
            }
            answers.push((what, call.send().await.status.as_u16()));
        }
        answers
    }

    /// The victim is who it was, and gets what is sent to it.
    async fn victim_is_well(&self, after: &str) {
        let path = format!("/v1/subscriptions/{}", self.id);
        let call = self.daemon.call_of_anybody(Method::GET, &path).bearer(&self.secret);
        let shown = call.send().await.json();
        assert_eq!(shown["channels"], json!(["demo", "team:7", "user:1"]), "{after}: {shown}");
        assert_eq!(
            (&shown["generation"], &shown["state"]),
            (&json!(1), &json!("active")),
            "{after}"
        );
        for channel in ["user:1", "team:7"] {
            let text = format!("{channel} after {after}");
            let id = self.daemon.notify(channel, &text).await;
            let status = self.daemon.finished(&id).await;
            assert_eq!(
                (&status["recipients"], &status["outcomes"]["accepted"]),
                (&json!(1), &json!(1))
            );
            let last = self.service.log_of("victim").pop().expect("a request");
            let shown = self.victim.decrypt_json(&last.body);
            assert_eq!(shown["notification"]["body"], text);
        }
    }
}

#[actix_web::test]
async fn no_credential_but_its_own_and_a_backends_redirects_silences_or_deletes_a_subscription() {
    let scene = Scene::set().await;
    post(&scene.daemon, "/v1/apps", json!({ "id": "shop" })).await;
    let all = json!(["notify", "subscribe", "read", "admin"]);
    let stranger = |what, credential| Stranger { what, credential, app: None };
    let of_nobody = [401, 401, 401, 401, 401, 401, 401, 409, 409, 409, 409, 401];
    let of_a_key = [403; 12];
    let of_a_token = [403, 403, 403, 403, 403, 403, 403, 409, 409, 409, 409, 403];
    // An own secret moves the own subscription, but not to where another is.
    let of_a_secret = [401, 401, 401, 401, 401, 403, 403, 403, 403, 403, 403, 409];
    // It does as it likes in its own app.
    let of_another_app = [404, 204, 404, 404, 204, 200, 404, 201, 200, 200, 200, 404];
    let unknown = [401; 12];
    let key = async |scope| Some(scene.key("default", json!([scope])).await);
    let table = [
        (stranger("nobody", None), of_nobody),
        (stranger("a key that reads", key("read").await), of_a_key),
        (stranger("a key that publishes", key("notify").await), of_a_key),
        (
            stranger("a token for others", Some(scene.token(json!(["user:2", "demo"])).await)),
            of_a_token,
        ),
        (stranger("a token for the same", Some(scene.token(json!(["*"])).await)), of_a_token),
        (stranger("another's secret", Some(scene.own_secret.clone())), of_a_secret),
        (stranger("an id", Some(scene.id.clone())), unknown),
        (stranger("an id as a secret", Some(scene.id.replacen("sub_", "ss_", 1))), {
            let mut answers = of_a_secret;
            answers[11] = 401;
            answers
        }),
        (stranger("another app's key", Some(scene.key("shop", all).await)), of_another_app),
        (
            Stranger {
                what: "the secret, elsewhere",
                credential: Some(scene.secret.clone()),
                app: Some("shop"),
            },
            [401, 401, 401, 401, 401, 403, 403, 403, 403, 403, 403, 401],
        ),
        (
            Stranger {
                what: "a key, elsewhere",
                credential: Some(KEY.to_owned()),
                app: Some("shop"),
            },
            [403; 12],
        ),
    ];
    for (stranger, expected) in table {
        let answers = scene.answers(&stranger).await;
        let statuses: Vec<_> = answers.iter().map(|(_, status)| *status).collect();
        assert_eq!(statuses, expected, "{}: {answers:?}", stranger.what);
        scene.victim_is_well(stranger.what).await;
    }
}
