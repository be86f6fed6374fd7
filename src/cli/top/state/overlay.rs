//! What lies over a page: help, a menu, a line to type in, a question to answer, one actor.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a keyboard has more keys than a screen has uses for"
)]

use crossterm::event::{KeyCode, KeyEvent};
use serde_json::json;

use super::super::answer::{Actor, OneActor};
use super::super::keys::{self, Command};
use super::{Effect, Page, Question, SORTS, Top};
use crate::cli::path::segment;

/// What lies over a page.
#[derive(Debug)]
pub(in crate::cli::top) enum Overlay {
    Help,
    /// Which column is chosen.
    Sort(usize),
    /// What has been typed.
    Search(String),
    /// What will be done, if that is meant.
    Confirm {
        question: String,
        act: Question,
    },
    /// Which actor, and what is known of it.
    Actor(String, Option<Box<OneActor>>),
}

impl Top {
    pub(super) fn press_over(&mut self, overlay: Overlay, key: KeyEvent) -> Effect {
        let is_typed = matches!(overlay, Overlay::Search(_)) && keys::is_letter(key);
        if keys::command(key) == Some(Command::Quit) && !is_typed {
            return Effect::Quit;
        }
        match overlay {
            // Any key ends it.
            Overlay::Help => {}
            Overlay::Sort(at) => self.choose_sort(at, key.code),
            Overlay::Search(text) => self.type_search(text, key),
            Overlay::Confirm { question, act } => match key.code {
                KeyCode::Char('y') => self.due.push_front(act),
                KeyCode::Char('n') | KeyCode::Esc => {}
                _ => self.overlay = Some(Overlay::Confirm { question, act }),
            },
            Overlay::Actor(id, actor) => match (keys::command(key), actor) {
                (Some(Command::Back | Command::Open), _) => self.look_now(),
                (Some(Command::Kill), Some(actor)) => self.confirm_kill(&actor.actor),
                (_, actor) => self.overlay = Some(Overlay::Actor(id, actor)),
            },
        }
        Effect::Nothing
    }

    fn choose_sort(&mut self, at: usize, key: KeyCode) {
        match key {
            KeyCode::Enter => {
                self.sort = at;
                self.look_now();
            }
            KeyCode::Esc => {}
            KeyCode::Down => self.overlay = Some(Overlay::Sort((at + 1) % SORTS.len())),
            KeyCode::Up => {
                self.overlay = Some(Overlay::Sort((at + SORTS.len() - 1) % SORTS.len()));
            }
            _ => self.overlay = Some(Overlay::Sort(at)),
        }
    }

    /// The daemon searches as one types.
    fn type_search(&mut self, mut text: String, key: KeyEvent) {
        match key.code {
            KeyCode::Enter => return,
            KeyCode::Esc => text.clear(),
            KeyCode::Backspace => _ = text.pop(),
            KeyCode::Char(letter) if keys::is_letter(key) => text.push(letter),
            _ => {}
        }
        self.search.clone_from(&text);
        self.look_now();
        if key.code != KeyCode::Esc {
            self.overlay = Some(Overlay::Search(text));
        }
    }

    pub(super) fn offer_kill(&mut self) {
        let id = self.selected_actor();
        let mut on_tree = self.branches().into_iter().map(|branch| branch.actor);
        let mut in_table = self.actors.answer.iter().flat_map(|actors| &actors.items);
        let actor = match self.page {
            Page::Tree => on_tree.find(|actor| Some(&actor.id) == id.as_ref()).cloned(),
            Page::Actors => in_table.find(|actor| Some(&actor.id) == id.as_ref()).cloned(),
            Page::PushServices | Page::Charts => None,
        };
        match actor {
            Some(actor) => self.confirm_kill(&actor),
            None => self.said = Some("select an actor to kill".to_owned()),
        }
    }

    fn confirm_kill(&mut self, actor: &Actor) {
        let (kind, name) = (&actor.kind, &actor.name);
        if !actor.killable {
            self.said = Some(format!("{kind} {name} is no actor that can be killed"));
            return;
        }
        let path = format!("/v1/observe/actors/{}/kill", segment(&actor.id));
        let act =
            Question::act(&path, None, format!("{kind} {name} was killed, and has restarted"));
        let question = format!("Kill {kind} {name}? It restarts at once, and loses nothing.");
        self.overlay = Some(Overlay::Confirm { question, act });
    }

    pub(super) fn offer_pause(&mut self) {
        let services = self.services.answer.iter().flat_map(|services| &services.items);
        let selected = self.services.selected.as_ref().filter(|_| self.page == Page::PushServices);
        let Some(service) = services.into_iter().find(|one| Some(&one.origin) == selected) else {
            self.said = Some("select a push service to pause".to_owned());
            return;
        };
        let origin = service.origin.clone();
        let (word, question, done) = if service.state == "paused" {
            ("resume", format!("Resume {origin}? What waits goes within seconds."), "is resumed")
        } else {
            (
                "pause",
                format!("Pause {origin}? Nothing starts there until it is resumed."),
                "is paused",
            )
        };
        let path = format!("/v1/observe/push-services/{word}");
        let act = Question::act(&path, Some(json!({"origin": origin})), format!("{origin} {done}"));
        self.overlay = Some(Overlay::Confirm { question, act });
    }
}
