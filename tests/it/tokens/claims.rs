//! What is signed: audiences, times, channels, and texts that two readers could read in two ways.

use serde_json::{Value, json};

use super::forge::{
    CHANNEL, PATH, Row, assert_nothing_stored, assert_refused, claims, hs256, try_at,
};
use crate::harness::api::{Api, KEY};

fn with(api: &Api, name: &str, value: Value) -> String {
    let mut claims = claims(api);
    claims[name] = value;
    hs256(claims.to_string())
}

fn without(api: &Api, name: &str) -> String {
    let mut claims = claims(api);
    claims.as_object_mut().unwrap().remove(name);
    hs256(claims.to_string())
}

#[actix_web::test]
async fn an_audience_is_one_app_and_the_one_that_is_called() {
    let api = Api::start().await;
    api.create_app("shop").await;
    let answer = api.post("/v1/apps/shop/token-secret").bearer(KEY).send().await.json();
    let theirs = answer["token_secret"].as_str().unwrap().as_bytes().to_vec();
    let header = super::forge::alg("HS256");
    let by_shop = |claims: &Value| super::forge::hs256_with(&theirs, &header, claims.to_string());
    let mut for_shop = claims(&api);
    for_shop["aud"] = json!("fanfare:shop");
    let rows: Vec<Row<'_>> = vec![
        ("no aud", without(&api, "aud"), 401),
        ("another app's aud, by this one's key", with(&api, "aud", json!("fanfare:shop")), 401),
        ("this app's aud, by another one's key", by_shop(&claims(&api)), 401),
        ("no app's aud", with(&api, "aud", json!("fanfare:nowhere")), 401),
        ("an empty app", with(&api, "aud", json!("fanfare:")), 401),
        ("the bare name", with(&api, "aud", json!("default")), 401),
        ("in capitals", with(&api, "aud", json!("FANFARE:default")), 401),
        ("with a space", with(&api, "aud", json!("fanfare:default ")), 401),
        ("with a NUL", with(&api, "aud", json!("fanfare:default\u{0}")), 401),
        ("two apps", with(&api, "aud", json!(["fanfare:default", "fanfare:shop"])), 401),
        ("an empty list", with(&api, "aud", json!([])), 401),
        ("a list of lists", with(&api, "aud", json!([["fanfare:default"]])), 401),
        ("a number", with(&api, "aud", json!(1)), 401),
        ("an object", with(&api, "aud", json!({ "fanfare": "default" })), 401),
        ("null", with(&api, "aud", json!(null)), 401),
        ("a deleted app's name", with(&api, "aud", json!("fanfare:deleted/1")), 401),
    ];
    assert_refused(&api, &rows).await;
    let call = |token: &str, app: &str| {
        api.post(PATH).bearer(token).header("fanfare-app", app).json(&json!({}))
    };
    let own = hs256(claims(&api).to_string());
    assert_eq!(call(&own, "shop").send().await.status, 403);
    assert_eq!(call(&by_shop(&for_shop), "default").send().await.status, 403);
    assert_eq!(call(&own, "default").send().await.status, 422, "the right one comes to the body");
    assert_nothing_stored(&api).await;
    api.stop().await;
}

#[actix_web::test]
async fn a_token_ends_within_a_day_and_has_begun() {
    let api = Api::start().await;
    let now = api.state.now().as_secs();
    let day = 24 * 3600;
    // What no JSON writer writes, and a text can hold all the same.
    let exp_as = |text: &str| {
        let claims = claims(&api);
        hs256(claims.to_string().replace(&claims["exp"].to_string(), text))
    };
    let rows: Vec<Row<'_>> = vec![
        ("no exp", without(&api, "exp"), 401),
        ("exp now", with(&api, "exp", json!(now)), 401),
        ("exp past", with(&api, "exp", json!(now - 1)), 401),
        ("exp 0", with(&api, "exp", json!(0)), 401),
        ("exp negative", with(&api, "exp", json!(-1)), 401),
        ("exp null", with(&api, "exp", json!(null)), 401),
        ("exp a text", with(&api, "exp", json!((now + 60).to_string())), 401),
        ("exp a list", with(&api, "exp", json!([now + 60])), 401),
        ("exp a truth", with(&api, "exp", json!(true)), 401),
        // A minute is granted to clocks that differ; the test may take one, and no more.
        ("exp over a day ahead", with(&api, "exp", json!(now + day + 180)), 401),
        ("exp in milliseconds", with(&api, "exp", json!((now + 60) * 1000)), 401),
        ("exp i64::MAX", with(&api, "exp", json!(i64::MAX)), 401),
        ("exp u64::MAX", with(&api, "exp", json!(u64::MAX)), 401),
        ("exp 1e308", with(&api, "exp", json!(1e308)), 401),
        ("exp -1e308", with(&api, "exp", json!(-1e308)), 401),
        ("exp 1e999", exp_as("1e999"), 401),
        ("exp NaN", exp_as("NaN"), 401),
        ("nbf ahead", with(&api, "nbf", json!(now + 300)), 401),
        ("nbf 1e308", with(&api, "nbf", json!(1e308)), 401),
        ("nbf a text", with(&api, "nbf", json!("0")), 401),
        ("iat ahead", with(&api, "iat", json!(now + 300)), 401),
        ("iat a text", with(&api, "iat", json!("0")), 401),
    ];
    assert_refused(&api, &rows).await;
    for (name, token) in [
        ("a day ahead", with(&api, "exp", json!(now + day))),
        ("a fraction", with(&api, "exp", json!(now as f64 + 600.5))),
        ("iat and nbf now", with(&api, "iat", json!(now))),
    ] {
        let answer = try_at(&api, "/v1/channels/news/subscriptions", &token).await;
        assert_eq!(
            answer.status, 403,
            "{name}: it is good, for another channel: {:?}",
            answer.body
        );
    }
    api.stop().await;
}

#[actix_web::test]
async fn channels_are_a_list_of_names_that_mean_what_they_say() {
    let api = Api::start().await;
    let many: Vec<_> = (0..1_000).map(|n| format!("c{n}")).collect();
    let too_many: Vec<_> = (0..10_000).map(|n| format!("c{n}")).collect();
    let rows: Vec<Row<'_>> = vec![
        ("no channels", without(&api, "channels"), 401),
        ("a text", with(&api, "channels", json!(CHANNEL)), 401),
        ("an object", with(&api, "channels", json!({ "0": CHANNEL })), 401),
        ("null", with(&api, "channels", json!(null)), 401),
        ("a list in a list", with(&api, "channels", json!([[CHANNEL]])), 401),
        ("a list with a number", with(&api, "channels", json!([CHANNEL, 42])), 401),
        ("a list with null", with(&api, "channels", json!([CHANNEL, null])), 401),
        ("a huge list", with(&api, "channels", json!(many)), 401),
        ("an empty list", with(&api, "channels", json!([])), 403),
        ("an empty name", with(&api, "channels", json!([""])), 403),
        ("a longer name", with(&api, "channels", json!(["user:421"])), 403),
        ("a shorter name", with(&api, "channels", json!(["user:4"])), 403),
        ("another case", with(&api, "channels", json!(["User:42"])), 403),
        ("white space", with(&api, "channels", json!([" user:42", "user:42 ", "user:42\n"])), 403),
        ("a NUL behind it", with(&api, "channels", json!(["user:42\u{0}"])), 403),
        ("a NUL in it", with(&api, "channels", json!(["user:\u{0}42"])), 403),
        ("full-width digits", with(&api, "channels", json!(["user:\u{ff14}\u{ff12}"])), 403),
        ("a combining mark", with(&api, "channels", json!(["user:42\u{301}"])), 403),
        ("a zero-width space", with(&api, "channels", json!(["user:\u{200b}42"])), 403),
        ("percent-encoded", with(&api, "channels", json!(["user%3A42"])), 403),
        ("a prefix without its star", with(&api, "channels", json!(["user:"])), 403),
        ("two stars", with(&api, "channels", json!(["user:**"])), 403),
        ("two stars alone", with(&api, "channels", json!(["**"])), 403),
        ("a star in front", with(&api, "channels", json!(["*:42", "*42"])), 403),
        ("a star in the middle", with(&api, "channels", json!(["us*42", "user:*2"])), 403),
        ("another prefix", with(&api, "channels", json!(["team:*"])), 403),
        ("a pattern of regular expressions", with(&api, "channels", json!(["user:.*", ".*"])), 403),
        ("a question mark", with(&api, "channels", json!(["user:4?", "user:[0-9]*"])), 403),
    ];
    assert_refused(&api, &rows).await;
    let huge = try_at(&api, PATH, &with(&api, "channels", json!(too_many))).await;
    assert_eq!(huge.status, 431, "such a list makes a head that nobody reads");

    // What a star covers, and what it does not.
    let prefix = with(&api, "channels", json!(["user:*"]));
    for (channel, status) in [("user:", 201), ("user:7", 200), ("user", 403), ("users:1", 403)] {
        let path = format!("/v1/channels/{channel}/subscriptions");
        let body = json!({
            "endpoint": "https://push.example.org/one", "expirationTime": null,
            "keys": { "p256dh": P256DH, "auth": "AAAAAAAAAAAAAAAAAAAAAA" },
        });
        let answer = api.post(&path).bearer(&prefix).json(&body).send().await;
        assert_eq!(answer.status, status, "{channel}: {:?}", answer.body);
    }
    for path in ["/v1/channels/user:42%00/subscriptions", "/v1/channels/user:%2A/subscriptions"] {
        assert_eq!(try_at(&api, path, &prefix).await.status, 422, "{path}");
    }
    let all = with(&api, "channels", json!(["*"]));
    let answer = try_at(&api, "/v1/channels/anything/subscriptions", &all).await;
    assert_eq!(answer.status, 409, "a star covers all channels; the endpoint is somebody else's");
    api.stop().await;
}

/// The generator of P-256: a point that is on the curve.
const P256DH: &str =
    "BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU";

#[actix_web::test]
async fn a_text_that_can_be_read_in_two_ways_is_not_read() {
    let api = Api::start().await;
    let exp = api.state.now().as_secs() + 600;
    let good = claims(&api).to_string();
    let twice = |name: &str, first: &str| good.replacen('{', &format!("{{\"{name}\":{first},"), 1);
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(1200), "]".repeat(1200));
    let deep_jwk = json!({ "alg": "HS256", "x": nested(100) });
    let parts: Vec<_> = {
        let token = hs256(&good);
        token.split('.').map(str::to_owned).collect()
    };
    let rows: Vec<Row<'_>> = vec![
        ("aud twice", hs256(twice("aud", "\"fanfare:shop\"")), 401),
        ("exp twice", hs256(twice("exp", "1")), 401),
        ("channels twice", hs256(twice("channels", "[\"*\"]")), 401),
        ("exp twice, the later one good", hs256(twice("exp", "99999999999")), 401),
        ("exp escaped and plain", hs256(twice("\\u0065xp", "99999999999")), 401),
        ("deep JSON", hs256(deep), 401),
        ("a deep header", super::forge::hs256_with(b"x", &deep_jwk, &good), 401),
        ("claims that are a list", hs256(format!("[{good}]")), 401),
        ("claims that are a text", hs256("\"fanfare:default\""), 401),
        ("claims and more", hs256(format!("{good}{good}")), 401),
        ("claims and a NUL", hs256(format!("{good}\u{0}")), 401),
        ("claims that are not UTF-8", hs256([good.as_bytes(), b"\xff"].concat()), 401),
        ("a byte order mark", hs256(format!("\u{feff}{good}")), 401),
        ("half a surrogate", hs256(good.replace("user:42", "user:42\\ud800")), 401),
        (
            "an overlong slash",
            hs256(
                good.replace("user:42", "user:42X")
                    .into_bytes()
                    .iter()
                    .flat_map(|byte| if *byte == b'X' { vec![0xc0, 0xaf] } else { vec![*byte] })
                    .collect::<Vec<_>>(),
            ),
            401,
        ),
        ("nothing", hs256(""), 401),
        ("no parts", "...".into(), 401),
        ("empty parts", "..".into(), 401),
        ("one part", parts[0].clone(), 401),
        ("two parts", format!("{}.{}", parts[0], parts[1]), 401),
        ("parts exchanged", format!("{}.{}.{}", parts[1], parts[0], parts[2]), 401),
        ("five parts (an encrypted token)", format!("{}.a.b.c.d", parts[0]), 401),
        ("not base64", format!("{}.$$$.{}", parts[0], parts[2]), 401),
        ("base64 of the other alphabet", format!("{}.{}+/.{}", parts[0], parts[1], parts[2]), 401),
        ("a line break", format!("{}.{}\t.{}", parts[0], parts[1], parts[2]), 401),
        ("a token of 4097 bytes", format!("{}{}", "x".repeat(4097 - 4), ".y.z"), 401),
        (
            "a large token with good parts",
            hs256(twice("pad", &format!("\"{}\"", "x".repeat(4096)))),
            401,
        ),
        ("only dots", ".".repeat(4000), 401),
    ];
    assert_refused(&api, &rows).await;
    let padded = twice("pad", &format!("\"{exp}\""));
    let answer = try_at(&api, "/v1/channels/news/subscriptions", &hs256(padded)).await;
    assert_eq!(answer.status, 403, "a claim that says nothing here is nobody's business");
    api.stop().await;
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(json!(null), |inner, _| json!([inner]))
}
