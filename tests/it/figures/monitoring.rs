//! What Prometheus and Grafana are told to look at is there, by name and by label, in what a daemon shows after a
//! fan-out; and what it shows is looked at by one of them.

mod promql;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::Busy;
use super::exposition::Exposition;
use promql::Query;

/// What is looked at nowhere, and why.
const LOOKED_AT_BY_HAND: &[&str] = &[
    // Addresses that are in use say nothing of what is taken.
    "process_virtual_memory_bytes",
];

/// Labels that Prometheus gives to everything that it scrapes.
const OF_TARGET: [&str; 2] = ["job", "instance"];

fn file(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(path))
        .unwrap()
}

/// An alert: its name, its expression, and the texts that come with it.
struct Alert {
    name: String,
    query: String,
    texts: Vec<String>,
}

/// The alerts of the rules. Each has its expression on one line, so that nothing needs to know all of YAML.
fn alerts() -> Vec<Alert> {
    let mut alerts: Vec<Alert> = Vec::new();
    for line in file("prometheus/fanfare.rules.yml").lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("- alert: ") {
            let (query, texts) = (String::new(), Vec::new());
            alerts.push(Alert { name: name.to_owned(), query, texts });
        }
        let Some(alert) = alerts.last_mut() else { continue };
        if let Some(query) = line.strip_prefix("expr: ") {
            assert_eq!(alert.query, "", "{} has two expressions", alert.name);
            query.clone_into(&mut alert.query);
        }
        if line.starts_with("summary: ") || line.starts_with("description: ") {
            alert.texts.push(line.to_owned());
        }
    }
    assert!(alerts.iter().all(|alert| alert.query.len() > 5 && alert.texts.len() == 2));
    alerts
}

/// The queries of the dashboard, each with its panel's title and its legend.
fn panels() -> Vec<(String, String, String)> {
    let dashboard: Value = serde_json::from_str(&file("grafana/fanfare.json")).unwrap();
    let mut found = Vec::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        let title = panel["title"].as_str().unwrap();
        for target in panel["targets"].as_array().into_iter().flatten() {
            let text = |key: &str| target[key].as_str().unwrap().to_owned();
            found.push((title.to_owned(), text("expr"), text("legendFormat")));
        }
    }
    found
}

/// What is wrong with a query, given what there is.
fn faults(query: &Query, shown: &Exposition) -> Vec<String> {
    let mut faults = Vec::new();
    let mut labels = BTreeSet::from(OF_TARGET.map(str::to_owned));
    for metric in &query.metrics {
        if metric.name == "up" {
            continue;
        }
        let Some(known) = shown.samples.get(&metric.name) else {
            faults.push(format!("there is no {}", metric.name));
            continue;
        };
        labels.extend(known.keys().cloned());
        for (label, value) in &metric.matchers {
            if OF_TARGET.contains(&label.as_str()) {
                continue;
            }
            match known.get(label) {
                None => faults.push(format!("{} has no label {label}", metric.name)),
                Some(values) if !values.contains(value) => {
                    faults.push(format!("{label} of {} is never {value}", metric.name));
                }
                Some(_) => {}
            }
        }
    }
    let unknown = query.grouped_by.iter().filter(|label| !labels.contains(*label));
    faults.extend(unknown.map(|label| format!("there is no label {label} to group by")));
    faults
}

/// Labels that a text names and the query's result does not have.
fn missing_labels(text: &str, before: &str, query: &Query, shown: &Exposition) -> Vec<String> {
    let has = |label: &str| {
        let target = OF_TARGET.contains(&label);
        match query.grouped_by.is_empty() {
            false => query.grouped_by.contains(label),
            true => {
                target
                    || query.metrics.iter().any(|metric| {
                        shown
                            .samples
                            .get(&metric.name)
                            .is_some_and(|labels| labels.contains_key(label))
                    })
            }
        }
    };
    let named = text.split(before).skip(1).map(|rest| {
        let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        &rest[..end.unwrap_or(rest.len())]
    });
    named.filter(|label| !has(label)).map(|label| format!("{label} in {text:?}")).collect()
}

#[actix_web::test]
async fn rules_and_dashboard_name_what_there_is_and_whatever_there_is_is_looked_at() {
    let busy = Busy::start().await;
    let shown = Exposition::parse(&busy.measured().await);
    let mut wrong = Vec::new();
    let mut looked_at = BTreeMap::new();
    let mut look = |place: String, text: &str| {
        let query = Query::parse(text);
        assert!(!query.metrics.is_empty(), "{place} asks for nothing: {text}");
        wrong.extend(faults(&query, &shown).into_iter().map(|fault| format!("{place}: {fault}")));
        for metric in &query.metrics {
            looked_at.insert(metric.name.clone(), place.clone());
        }
        query
    };
    let mut texts = Vec::new();
    for alert in alerts() {
        let query = look(alert.name.clone(), &alert.query);
        for text in &alert.texts {
            texts.extend(missing_labels(text, "$labels.", &query, &shown));
        }
    }
    for (title, expression, legend) in panels() {
        let query = look(title, &expression);
        texts.extend(missing_labels(&legend, "{{", &query, &shown));
    }
    wrong.extend(texts.into_iter().map(|text| format!("there is no label {text}")));

    let looked_at: BTreeSet<_> =
        looked_at.keys().filter_map(|name| shown.family_of(name)).collect();
    for family in shown.families.keys().map(String::as_str) {
        match (looked_at.contains(family), LOOKED_AT_BY_HAND.contains(&family)) {
            (false, false) => wrong.push(format!("nothing looks at {family}")),
            (true, true) => wrong.push(format!("{family} is looked at: it is no exception")),
            (true, false) | (false, true) => {}
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn the_dashboard_asks_whichever_prometheus_is_chosen() {
    let dashboard: Value = serde_json::from_str(&file("grafana/fanfare.json")).unwrap();
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    let names: Vec<_> = variables.iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["datasource", "job", "instance"]);
    let mut ids = BTreeSet::new();
    let mut rows = Vec::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_i64().unwrap()), "{panel} has another's id");
        if panel["type"] == "row" {
            rows.push(panel["title"].as_str().unwrap());
            continue;
        }
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{}", panel["title"]);
        let place = &panel["gridPos"];
        let right = place["x"].as_i64().unwrap() + place["w"].as_i64().unwrap();
        assert!(right <= 24 && place["h"].as_i64().unwrap() > 0, "{}", panel["title"]);
    }
    assert_eq!(rows, ["Accept", "Deliver", "Push services", "Store", "Actors", "Process"]);
}

#[test]
fn a_name_or_a_label_that_is_not_there_is_found() {
    let shown = Exposition::parse(
        "# TYPE fanfare_x counter\nfanfare_x_total{outcome=\"gone\"} 1\n# TYPE fanfare_y gauge\nfanfare_y 2\n",
    );
    let of = |text: &str| faults(&Query::parse(text), &shown);
    let rate = "sum by (outcome) (rate(fanfare_x_total{job=\"$job\", outcome=\"gone\"}[5m])) > 0.1";
    assert_eq!(of(rate), Vec::<String>::new());
    assert_eq!(of("fanfare_y + fanfare_z"), ["there is no fanfare_z"]);
    assert_eq!(of("rate(fanfare_x[5m])"), ["there is no fanfare_x"], "a counter has its suffix");
    assert_eq!(of("fanfare_y{kind=\"a\"}"), ["fanfare_y has no label kind"]);
    let wrong = "fanfare_x_total{outcome=\"went\"}";
    assert_eq!(of(wrong), ["outcome of fanfare_x_total is never went"]);
    assert_eq!(of("sum by (kind) (fanfare_y)"), ["there is no label kind to group by"]);
    let query = Query::parse("sum by (kind) (fanfare_x_total)");
    assert_eq!(missing_labels("{{kind}} {{outcome}}", "{{", &query, &shown).len(), 1);
    assert_eq!(shown.family_of("fanfare_x_total"), Some("fanfare_x"));
}
