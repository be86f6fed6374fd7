//! Who may do what, by credential.

use std::time::Duration;

use super::*;
use crate::clock::Timestamp;
use crate::http::auth::identify::Presented;
use crate::http::auth::token;
use crate::http::testing::{self, KEY};
use crate::id::IdKind;

fn now() -> Timestamp {
    Timestamp::from_millis(1_790_000_000_000)
}

fn identify(authorization: Option<&str>, app: Option<&str>) -> Result<Caller, ProblemKind> {
    let presented = Presented { authorization, app, control: false };
    Caller::identify(&testing::directory(), presented, now()).map_err(|problem| problem.kind())
}

fn with_key(scopes: &[Scope], app: &str) -> Caller {
    let directory = testing::directory_with_key(app, scopes);
    let authorization = format!("Bearer {KEY}");
    let presented = Presented { authorization: Some(&authorization), app: None, control: false };
    Caller::identify(&directory, presented, now()).unwrap()
}

fn token(app: &App, channels: &[&str]) -> String {
    let channels: Vec<_> = channels.iter().map(ToString::to_string).collect();
    let token = token::sign(app, &channels, now() + Duration::from_secs(60)).unwrap();
    format!("Bearer {token}")
}

fn owned(channels: &[&str]) -> Vec<String> {
    channels.iter().map(ToString::to_string).collect()
}

#[test]
fn the_credential_decides_the_app_and_the_header_may_not_differ() {
    let shop = token(&testing::directory().apps["shop"], &["a"]);
    let key = format!("Bearer {KEY}");
    let cases = [
        (None, None, Ok("default")),
        (None, Some("shop"), Ok("shop")),
        (None, Some("nowhere"), Err(ProblemKind::NotFound)),
        (Some(key.as_str()), None, Ok("default")),
        (Some(&key), Some("default"), Ok("default")),
        (Some(&key), Some("shop"), Err(ProblemKind::ForeignApp)),
        (Some(&shop), None, Ok("shop")),
        (Some(&shop), Some("default"), Err(ProblemKind::ForeignApp)),
        (Some("Bearer fk_unknown"), None, Err(ProblemKind::InvalidCredential)),
        (Some("Bearer "), None, Err(ProblemKind::InvalidCredential)),
        (Some("Basic YTpi"), None, Err(ProblemKind::InvalidCredential)),
        (Some("Bearer not.a.jwt"), None, Err(ProblemKind::InvalidCredential)),
        (Some("bearer ss_x"), Some("shop"), Ok("shop")),
    ];
    for (authorization, app, expected) in cases {
        let found = identify(authorization, app).map(|caller| caller.app.name.clone());
        assert_eq!(found.as_deref().map_err(|kind| *kind), expected, "{authorization:?} {app:?}");
    }
}

#[test]
fn a_scope_opens_what_it_says_and_admin_all_of_its_app() {
    let notify = with_key(&[Scope::Notify], "default");
    assert!(notify.require(Scope::Notify).is_ok());
    assert!(notify.require_any(&[Scope::Read, Scope::Notify]).is_ok());
    let refused = notify.require(Scope::Read).unwrap_err();
    assert_eq!(refused.kind(), ProblemKind::ScopeNeeded);
    assert!(refused.to_string().contains("`read`"), "{refused}");

    let admin = with_key(&[Scope::Admin], "shop");
    for scope in Scope::ALL {
        assert!(admin.require(scope).is_ok());
    }
    assert_eq!(admin.require_instance().unwrap_err().kind(), ProblemKind::ScopeNeeded);
    assert!(with_key(&[Scope::Admin], "default").require_instance().is_ok());
    assert!(with_key(&[Scope::Read], "default").require_instance().is_err());
}

#[test]
fn without_a_credential_scopes_are_401_and_public_channels_open() {
    let nobody = identify(None, None).unwrap();
    assert_eq!(nobody.require(Scope::Read).unwrap_err().kind(), ProblemKind::CredentialNeeded);
    assert_eq!(nobody.authority_over(&owned(&["demo"])).unwrap(), Authority::Public);
    let refused = nobody.authority_over(&owned(&["demo", "user:1"])).unwrap_err();
    assert_eq!(refused.kind(), ProblemKind::CredentialNeeded);
}

#[test]
fn a_token_puts_a_browser_where_it_says_or_where_anybody_may_be() {
    let authorization = token(&testing::directory().apps["default"], &["user:42", "team:*"]);
    let browser = identify(Some(&authorization), None).unwrap();
    let authority = browser.authority_over(&owned(&["user:42", "team:7", "demo"])).unwrap();
    assert_eq!(authority, Authority::Token(owned(&["user:42", "team:*"])));
    let refused = browser.authority_over(&owned(&["user:42", "user:43"])).unwrap_err();
    assert_eq!(refused.kind(), ProblemKind::ChannelForbidden);
    assert_eq!(browser.require(Scope::Notify).unwrap_err().kind(), ProblemKind::ScopeNeeded);
}

#[test]
fn a_subscription_is_opened_by_its_secret_or_by_a_subscribe_key() {
    let directory = testing::directory();
    let app = &directory.apps["default"];
    let id = PublicId::random(IdKind::Subscription, &mut rand::rng());
    let other = PublicId::random(IdKind::Subscription, &mut rand::rng());
    let authorization = format!("Bearer {}", secret::mint(&directory, app, &id));
    let browser = identify(Some(&authorization), None).unwrap();
    let kind = |caller: &Caller, id| {
        caller.require_subscription(&directory, id).err().map(|problem| problem.kind())
    };
    assert_eq!(kind(&browser, &id), None);
    assert_eq!(kind(&browser, &other), Some(ProblemKind::InvalidCredential));
    assert_eq!(kind(&with_key(&[Scope::Subscribe], "default"), &id), None);
    let read = with_key(&[Scope::Read], "default");
    assert_eq!(kind(&read, &id), Some(ProblemKind::ScopeNeeded));
    let with_token = identify(Some(&token(app, &["*"])), None).unwrap();
    assert_eq!(kind(&with_token, &id), Some(ProblemKind::ScopeNeeded));
    let nobody = identify(None, None).unwrap();
    assert_eq!(kind(&nobody, &id), Some(ProblemKind::CredentialNeeded));
}

#[test]
fn the_control_socket_is_the_instances_and_any_apps() {
    let presented = Presented { authorization: None, app: Some("shop"), control: true };
    let caller = Caller::identify(&testing::directory(), presented, now()).unwrap();
    assert_eq!(caller.app.name, "shop");
    assert!(caller.require_instance().is_ok());
    assert!(caller.require(Scope::Notify).is_ok());
}
