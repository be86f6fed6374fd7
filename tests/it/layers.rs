//! The arrows between the modules, and the form of their files: what a reader may rely on without reading all of it.
//! The tables say what may be; whatever they do not say fails, and so does a row that nothing needs any more.

mod paths;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use paths::Named;

/// What each module may name of ours, besides itself.
const ARROWS: &[(&str, &[&str])] = &[
    ("clock", &[]),
    ("id", &[]),
    ("webpush", &["clock", "id"]),
    ("model", &["clock", "id", "webpush"]),
    ("delivery", &["clock", "id", "model", "webpush"]),
    ("push", &["webpush"]),
    ("store", &["clock", "id", "model", "webpush"]),
    ("metrics", &["model", "webpush"]),
    ("tree", &["clock", "delivery", "id", "metrics", "model", "push", "store", "webpush"]),
    ("observe", &["clock", "metrics", "model", "store", "tree", "webpush"]),
    (
        "http",
        &["clock", "id", "metrics", "model", "observe", "push::egress", "store", "tree", "webpush"],
    ),
    ("config", &["id", "webpush::vapid"]),
    (
        "daemon",
        &[
            "clock",
            "config",
            "delivery::retry",
            "http",
            "id",
            "metrics",
            "observe",
            "push",
            "store",
            "tree",
            "webpush",
        ],
    ),
    ("control", &[]),
    ("cli", &["config", "control", "daemon"]),
    ("lib", &[]),
    ("main", &["cli"]),
];

/// What only these may name: what the program is wired of, and crates and functions that have one place.
const RESERVED: &[(&str, &[&str])] = &[
    ("crate::store::sqlite", &["daemon"]),
    ("crate::push::https", &["daemon"]),
    ("actix", &["daemon", "tree"]),
    ("actix_web", &["daemon", "http"]),
    ("tokio", &["cli", "clock", "control", "daemon", "http", "observe", "push", "store", "tree"]),
    ("diesel", &["store::sqlite"]),
    ("diesel_migrations", &["store::sqlite"]),
    ("hyper", &["control", "push"]),
    ("clap", &["cli"]),
    ("std::time::SystemTime", &["clock"]),
];

/// A file longer than this does more than one thing.
const MAX_LINES: usize = 400;

#[test]
fn every_module_names_only_what_its_layer_may() {
    let sources = sources(&["src"]);
    let report = check(&sources);
    assert!(report.is_empty(), "\n{}\n", report.join("\n"));
}

#[test]
fn every_file_says_its_job_first_and_is_short() {
    let mut wrong = Vec::new();
    for Source { file, text } in sources(&["src", "tests", "benches"]) {
        let lines = text.lines().count();
        if !text.starts_with("//! ") {
            wrong.push(format!("{file}:1: does not begin with `//!`: say its one job"));
        }
        if lines > MAX_LINES {
            wrong.push(format!(
                "{file}:{lines}: has {lines} lines, {MAX_LINES} are enough: divide it"
            ));
        }
        if file.ends_with("/mod.rs") {
            wrong.push(format!("{file}:1: is a mod.rs: `foo.rs` stands beside `foo/`"));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn a_broken_arrow_is_named_with_its_place_and_a_row_in_vain_with_its_table() {
    let source = |file: &str, text: &str| Source { file: file.into(), text: text.into() };
    let sources = [
        source("src/webpush/vapid.rs", "use crate::id::Seq;\n\nuse crate::{store, clock::Clock};"),
        source("src/store.rs", "pub mod sqlite; fn f() { sqlite::open(); actix::spawn() }"),
        source("src/http/state.rs", "use crate::store;\nfn f() { store::sqlite::open() }"),
        source("src/odd.rs", ""),
    ];
    let report = check(&sources).join("\n");
    for expected in [
        "src/webpush/vapid.rs:3: names crate::store, and `webpush` may name only clock, id",
        "src/store.rs:1: names crate::store::sqlite::open, which is reserved for daemon",
        "src/store.rs:1: names actix::spawn, which is reserved for daemon, tree",
        "src/http/state.rs:2: names crate::store::sqlite::open, which is reserved for daemon",
        "src/odd.rs:1: `odd` has no row in ARROWS",
        "ARROWS: `delivery` may name `model`, and does not: take it out",
        "RESERVED: `diesel` is for `store::sqlite`, which does not name it: take it out",
    ] {
        assert!(report.contains(expected), "{expected}\nis not in\n{report}");
    }
    for fine in ["crate::id", "crate::clock", "`webpush` may name `id`"] {
        assert!(!report.contains(fine), "{fine}\nis in\n{report}");
    }
}

struct Source {
    file: String,
    text: String,
}

/// Everything that is wrong, a line each.
fn check(sources: &[Source]) -> Vec<String> {
    let mut report = Vec::new();
    let mut used = BTreeSet::new();
    for source in sources {
        let module = module_of(&source.file);
        for named in paths::named(&module, &source.text) {
            let named = of_ours(named);
            let place = format!("{}:{}: names {}", source.file, named.line, named.path);
            report
                .extend(arrow(&module, &named, &mut used).map(|wrong| format!("{place}, {wrong}")));
            report.extend(
                reserved(&module, &named, &mut used).map(|wrong| format!("{place}, {wrong}")),
            );
        }
        let layer = layer_of(&module);
        if !ARROWS.iter().any(|(from, _)| *from == layer) {
            report.push(format!("{}:1: `{layer}` has no row in ARROWS", source.file));
        }
    }
    report.extend(in_vain(&used));
    report
}

/// What a row allows, once something needs it.
type Used = BTreeSet<(&'static str, &'static str)>;

fn arrow(module: &str, named: &Named, used: &mut Used) -> Option<String> {
    let path = named.path.strip_prefix("crate::")?;
    let layer = layer_of(module);
    if is_within(path, layer) {
        return None;
    }
    let (from, to) = ARROWS.iter().find(|(from, _)| *from == layer)?;
    match to.iter().find(|allowed| is_within(path, allowed)) {
        Some(allowed) => {
            used.insert((from, allowed));
            None
        }
        None => Some(format!("and `{layer}` may name only {}", to.join(", "))),
    }
}

fn reserved(module: &str, named: &Named, used: &mut Used) -> Option<String> {
    let (thing, places) = RESERVED.iter().find(|(thing, _)| is_within(&named.path, thing))?;
    if is_within(module, thing) {
        return None;
    }
    let inside = module.strip_prefix("crate::").unwrap_or(module);
    match places.iter().find(|place| is_within(inside, place)) {
        Some(place) => {
            used.insert((thing, place));
            None
        }
        None => Some(format!("which is reserved for {}", places.join(", "))),
    }
}

fn in_vain(used: &Used) -> Vec<String> {
    let arrows = ARROWS.iter().flat_map(|(from, to)| to.iter().map(move |to| (*from, *to)));
    let arrows = arrows
        .filter(|row| !used.contains(row))
        .map(|(from, to)| format!("ARROWS: `{from}` may name `{to}`, and does not: take it out"));
    let reserved =
        RESERVED.iter().flat_map(|(thing, places)| places.iter().map(move |at| (*thing, *at)));
    let reserved = reserved.filter(|row| !used.contains(row)).map(|(thing, place)| {
        format!("RESERVED: `{thing}` is for `{place}`, which does not name it: take it out")
    });
    arrows.chain(reserved).collect()
}

/// `crate::http::auth` of `src/http/auth.rs`.
fn module_of(file: &str) -> String {
    let path = file.trim_start_matches("src/").trim_end_matches(".rs");
    match path {
        "lib" => "crate".to_owned(),
        // The binary is a crate of its own, which names ours by its name.
        "main" => "main".to_owned(),
        path => format!("crate::{}", path.replace('/', "::")),
    }
}

/// `http` of `crate::http::auth`.
fn layer_of(module: &str) -> &str {
    match module.strip_prefix("crate::") {
        Some(path) => path.split("::").next().unwrap_or(path),
        None if module == "crate" => "lib",
        None => module,
    }
}

fn of_ours(named: Named) -> Named {
    match named.path.strip_prefix("fanfare::") {
        Some(path) => Named { path: format!("crate::{path}"), ..named },
        None => named,
    }
}

/// Whether `path` is `root` or below it.
fn is_within(path: &str, root: &str) -> bool {
    path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn sources(folders: &[&str]) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    folders.iter().for_each(|folder| collect(&root.join(folder), &mut files));
    files.sort();
    let source = |file: PathBuf| Source {
        text: std::fs::read_to_string(&file).unwrap(),
        file: file.strip_prefix(root).unwrap().to_str().unwrap().to_owned(),
    };
    files.into_iter().map(source).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            // What cargo-fuzz builds is not ours.
            if !path.ends_with("fuzz/target") {
                collect(&path, files);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}
