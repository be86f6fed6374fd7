//! Keys and answers in, questions out.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde_json::{Value, json};

use super::*;

fn press(top: &mut Top, keys: &[KeyCode]) -> Effect {
    let press = |key: &KeyCode| top.press(KeyEvent::new(*key, KeyModifiers::NONE));
    keys.iter().map(press).last().unwrap_or(Effect::Nothing)
}

fn typed(top: &mut Top, text: &str) {
    text.chars().for_each(|letter| _ = press(top, &[KeyCode::Char(letter)]));
}

/// Everything that would be asked now, as the first line of the request has it.
fn asked(top: &mut Top) -> Vec<String> {
    std::iter::from_fn(|| top.question()).map(|question| line(&question)).collect()
}

fn line(question: &Question) -> String {
    let request = question.call().into_request("", "here").unwrap();
    format!("{} {}", request.method(), request.uri())
}

/// Answers the next question that is asked with that path.
fn answer(top: &mut Top, path: &str, answer: Value) {
    let question = std::iter::from_fn(|| top.question())
        .find(|question| line(question).contains(path))
        .unwrap_or_else(|| panic!("{path} is not asked for"));
    top.hear(&question, Ok(answer));
}

fn actors(ids: &[&str]) -> Value {
    let item = |id: &&str| json!({"id": id, "kind": "ChannelWorker", "name": id, "killable": true});
    json!({"total": 9, "matched": ids.len(), "items": ids.iter().map(item).collect::<Vec<_>>()})
}

fn on_actors(ids: &[&str]) -> Top {
    let mut top = Top::default();
    press(&mut top, &[KeyCode::Char('2')]);
    answer(&mut top, "/v1/observe/actors", actors(ids));
    top
}

#[test]
fn a_tick_asks_for_what_is_on_the_screen_and_for_nothing_twice() {
    let mut top = Top::default();
    top.tick();
    top.tick();
    let tree = "GET /v1/observe/tree?limit=50&expand=";
    assert_eq!(asked(&mut top), ["GET /v1/observe/system", tree]);
    press(&mut top, &[KeyCode::Tab, KeyCode::Tab]);
    asked(&mut top);
    top.tick();
    assert_eq!(asked(&mut top), ["GET /v1/observe/system", "GET /v1/observe/push-services"]);
}

#[test]
fn the_charts_are_asked_for_more_seldom() {
    let mut top = Top::default();
    press(&mut top, &[KeyCode::Char('4')]);
    asked(&mut top);
    let ticks = (0..6).map(|_| {
        top.tick();
        asked(&mut top).iter().any(|line| line.contains("charts"))
    });
    assert_eq!(ticks.collect::<Vec<_>>(), [true, false, false, true, false, false]);
}

#[test]
fn sorting_searching_and_windows_are_the_daemons_work() {
    let mut top = on_actors(&["a"]);
    typed(&mut top, "M");
    assert_eq!(
        asked(&mut top),
        ["GET /v1/observe/actors?limit=200&sort=mailbox&order=desc&window=10s&q="]
    );
    typed(&mut top, "Iw");
    press(&mut top, &[KeyCode::F(3)]);
    typed(&mut top, "user:4 q");
    assert_eq!(
        asked(&mut top),
        ["GET /v1/observe/actors?limit=200&sort=mailbox&order=asc&window=1m&q=user:4%20q"]
    );
    assert_eq!(press(&mut top, &[KeyCode::Enter, KeyCode::F(6), KeyCode::Up]), Effect::Nothing);
    press(&mut top, &[KeyCode::Enter]);
    assert!(asked(&mut top)[0].contains("sort=messages&"), "the column above `mailbox`");
    press(&mut top, &[KeyCode::Esc]);
    assert!(asked(&mut top)[0].ends_with("&q="), "nothing is searched for any more");
}

#[test]
fn names_sort_from_a_and_figures_from_the_largest() {
    for (key, order) in [('N', "sort=name&order=asc"), ('P', "sort=busy&order=desc")] {
        let mut top = on_actors(&["a"]);
        typed(&mut top, &key.to_string());
        assert!(asked(&mut top)[0].contains(order), "{order}");
    }
}

#[test]
fn the_selection_stays_with_its_actor_and_with_its_place_when_that_has_gone() {
    let mut top = on_actors(&["a", "b", "c"]);
    press(&mut top, &[KeyCode::Down]);
    assert_eq!(top.actors.selected.as_deref(), Some("b"));
    top.tick();
    answer(&mut top, "/v1/observe/actors", actors(&["c", "a", "b"]));
    assert_eq!((top.actors.selected.as_deref(), top.actors.place()), (Some("b"), Some(2)));
    top.tick();
    answer(&mut top, "/v1/observe/actors", actors(&["c", "a"]));
    assert_eq!((top.actors.selected.as_deref(), top.actors.place()), (Some("a"), Some(1)));
    press(&mut top, &[KeyCode::PageDown, KeyCode::Home]);
    assert_eq!(top.actors.selected.as_deref(), Some("c"));
}

#[test]
fn nothing_is_killed_before_it_is_confirmed() {
    let kill = "POST /v1/observe/actors/channels.7/kill";
    for (answers, killed) in [("y", true), ("n", false), ("xy", true)] {
        let mut top = on_actors(&["channels.7"]);
        press(&mut top, &[KeyCode::F(9)]);
        assert!(asked(&mut top).is_empty(), "a question first");
        typed(&mut top, answers);
        assert_eq!(asked(&mut top).contains(&kill.to_owned()), killed, "{answers}");
    }
}

#[test]
fn what_is_no_actor_is_not_offered_to_be_killed() {
    let mut top = Top::default();
    top.tick();
    let journal = json!({"id": "journal", "kind": "Journal", "name": "journal", "killable": false});
    answer(&mut top, "/v1/observe/tree", json!({"nodes": [journal]}));
    press(&mut top, &[KeyCode::Char('k')]);
    assert!(top.overlay.is_none());
    assert!(top.said.as_deref().is_some_and(|said| said.contains("no actor that can be killed")));
}

#[test]
fn a_push_service_is_paused_and_a_paused_one_is_resumed() {
    for (state, word) in [("open", "pause"), ("paused", "resume")] {
        let mut top = Top::default();
        press(&mut top, &[KeyCode::Char('3')]);
        let service = json!({"origin": "https://push.test", "state": state});
        answer(&mut top, "/v1/observe/push-services", json!({"items": [service]}));
        press(&mut top, &[KeyCode::Char('p'), KeyCode::Char('y')]);
        let question = top.question().unwrap();
        assert_eq!(line(&question), format!("POST /v1/observe/push-services/{word}"));
        top.hear(&question, Ok(Value::Null));
        assert!(top.said.is_some(), "it says that it is done");
        assert_eq!(asked(&mut top), ["GET /v1/observe/push-services"], "and looks at once");
    }
}

#[test]
fn a_supervisors_workers_are_asked_for_once_it_is_unfolded() {
    let mut top = Top::default();
    top.tick();
    let nodes = json!([{"id": "root"}, {"id": "channels", "parent": "root"}]);
    answer(&mut top, "/v1/observe/tree", json!({"nodes": nodes}));
    press(&mut top, &[KeyCode::Down, KeyCode::Char(' ')]);
    assert_eq!(asked(&mut top), ["GET /v1/observe/tree?limit=50&expand=channels"]);
    press(&mut top, &[KeyCode::Char('-')]);
    assert_eq!(asked(&mut top), ["GET /v1/observe/tree?limit=50&expand="]);
}

#[test]
fn children_stand_below_their_parents_whatever_comes_between() {
    let nodes = json!([
        {"id": "root"}, {"id": "a", "parent": "root"}, {"id": "b", "parent": "root"},
        {"id": "a.1", "parent": "a"}, {"id": "a.2", "parent": "a"},
    ]);
    let tree: Tree = read(json!({"nodes": nodes})).unwrap();
    let drawn: Vec<_> = list::branches(&tree)
        .iter()
        .map(|branch| format!("{}{}", branch.lines, branch.actor.id))
        .collect();
    assert_eq!(drawn, ["root", "├─ a", "│  ├─ a.1", "│  └─ a.2", "└─ b"]);
}

#[test]
fn one_actor_is_looked_at_again_and_again_until_one_goes_back() {
    let mut top = on_actors(&["channels.7"]);
    press(&mut top, &[KeyCode::Enter]);
    answer(&mut top, "/v1/observe/actors/channels.7", json!({"id": "channels.7", "restarts": 3}));
    assert!(matches!(&top.overlay, Some(Overlay::Actor(_, Some(one))) if one.actor.restarts == 3));
    top.tick();
    assert!(asked(&mut top).contains(&"GET /v1/observe/actors/channels.7".to_owned()));
    press(&mut top, &[KeyCode::Esc]);
    assert!(top.overlay.is_none());
}

#[test]
fn what_the_daemon_refuses_is_said() {
    let mut top = Top::default();
    top.tick();
    let question = top.question().unwrap();
    top.hear(&question, Err("this needs the scope `admin`".to_owned()));
    let trouble = |top: &Top| top.trouble.as_ref().map(|(_, why)| why.clone()).unwrap_or_default();
    assert_eq!(trouble(&top), "this needs the scope `admin`");
    let question = top.question().unwrap();
    top.hear(&question, Ok(json!({"nodes": "none"})));
    assert!(trouble(&top).contains("not understood"));
}

#[test]
fn what_was_in_the_way_is_said_until_it_is_over_and_what_was_refused_until_a_key() {
    let mut top = on_actors(&["channels.7"]);
    typed(&mut top, "ky");
    let question = top.question().unwrap();
    top.hear(&question, Err("acting is off".to_owned()));
    asked(&mut top);
    for is_there in [false, true, false] {
        top.tick();
        for question in [top.question().unwrap(), top.question().unwrap()] {
            let answer = if is_there { Ok(json!({})) } else { Err("no daemon".to_owned()) };
            top.hear(&question, answer);
        }
        assert_eq!(top.trouble.is_none(), is_there);
        assert_eq!(top.said.as_deref(), Some("acting is off"));
    }
    typed(&mut top, "w");
    assert!(top.said.is_none() && top.trouble.is_none());
}

#[test]
fn every_way_out_leads_out_and_typing_does_not() {
    for key in [KeyCode::F(10), KeyCode::Char('q')] {
        assert_eq!(press(&mut Top::default(), &[key]), Effect::Quit);
        assert_eq!(press(&mut Top::default(), &[KeyCode::F(6), key]), Effect::Quit, "over a menu");
    }
    let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(Top::default().press(control_c), Effect::Quit);
    let mut top = Top::default();
    assert_eq!(press(&mut top, &[KeyCode::F(3), KeyCode::Char('q')]), Effect::Nothing);
    assert_eq!(top.search, "q");
    let control_x = KeyEvent::new(KeyCode::Char('x'), KeyModifiers::CONTROL);
    assert_eq!((top.press(control_x), &*top.search), (Effect::Nothing, "q"));
    assert_eq!((top.press(control_c), &*top.search), (Effect::Quit, "q"));
    assert_eq!(press(&mut Top::default(), &[KeyCode::F(3), KeyCode::F(10)]), Effect::Quit);
}
