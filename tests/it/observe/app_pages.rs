//! An app's channels, subscriptions and notifications: what is listed, in which order, by which index.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use serde_json::Value;

use crate::harness::api::{Api, KEY};

mod channels;
mod notifications;
mod plans;
mod subscriptions;

/// Changes the database itself, to what would take long to come about.
fn change(api: &Api, how: &str) {
    let database = SqliteConnection::establish(&api.database().to_string_lossy());
    database.unwrap().batch_execute(how).unwrap();
}

async fn get(api: &Api, path: &str) -> Value {
    let answer = api.get(&format!("/v1/observe/{path}")).bearer(KEY).send().await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.json());
    answer.json()
}

async fn refusal(api: &Api, path: &str) -> (u16, String) {
    let answer = api.get(&format!("/v1/observe/{path}")).bearer(KEY).send().await;
    (answer.status.as_u16(), answer.json()["detail"].as_str().unwrap_or_default().to_owned())
}

/// One field of each item.
fn each(page: &Value, field: &str) -> Vec<String> {
    let text = |item: &Value| {
        let value = &item[field];
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    };
    page["items"].as_array().unwrap().iter().map(text).collect()
}

/// One field of each item of all pages.
async fn all(api: &Api, path: &str, field: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut next = String::new();
    loop {
        let page = get(api, &format!("{path}{next}")).await;
        found.extend(each(&page, field));
        match page["next"].as_str() {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => return found,
        }
    }
}
