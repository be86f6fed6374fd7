//! What is on the screen, and what follows from a key, an answer and a tick. Nothing here asks or draws.

mod list;
mod overlay;
mod question;

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, VecDeque};

use crossterm::event::KeyEvent;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::answer::{Actors, Charts, OneActor, PushServices, System, Tree};
use super::keys::{self, Command};

pub(super) use list::{Branch, List};
pub(super) use overlay::Overlay;
pub(super) use question::{About, Question};

/// The charts are long, and a second more or less is not seen in them.
const CHARTS_TICKS: u64 = 3;

/// A page of the screen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Page {
    #[default]
    Tree,
    Actors,
    PushServices,
    Charts,
}

impl Page {
    pub(super) const ALL: [Self; 4] = [Self::Tree, Self::Actors, Self::PushServices, Self::Charts];

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Tree => "Tree",
            Self::Actors => "Actors",
            Self::PushServices => "Push services",
            Self::Charts => "Charts",
        }
    }

    fn next(self) -> Self {
        let at = Self::ALL.iter().position(|page| *page == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }
}

/// What a key leads to beyond another screen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Effect {
    Nothing,
    Quit,
}

/// How actors are sorted, in the API's words, and as a column is called.
pub(super) const SORTS: [(&str, &str); 8] = [
    ("busy", "busy"),
    ("messages_per_second", "messages/s"),
    ("messages", "messages"),
    ("mailbox", "mailbox now"),
    ("mailbox_peak", "mailbox peak"),
    ("restarts", "restarts"),
    ("age", "age"),
    ("name", "name"),
];

const WINDOWS: [&str; 3] = ["10s", "1m", "start"];

/// Everything that is known.
#[derive(Debug, Default)]
pub(super) struct Top {
    pub(super) page: Page,
    pub(super) overlay: Option<Overlay>,
    pub(super) tree: List<Tree>,
    pub(super) actors: List<Actors>,
    pub(super) services: List<PushServices>,
    pub(super) charts: Option<Charts>,
    pub(super) system: Option<System>,
    /// Supervisors whose workers are listed in the tree.
    pub(super) unfolded: BTreeSet<String>,
    pub(super) sort: usize,
    pub(super) inverted: bool,
    pub(super) window: usize,
    pub(super) search: String,
    /// What became of what was done, until a key is pressed.
    pub(super) said: Option<String>,
    /// What was looked at in vain, and why, until it is seen again or a key is pressed.
    pub(super) trouble: Option<(About, String)>,
    /// What is to be asked, the most urgent first.
    due: VecDeque<Question>,
    ticks: u64,
}

impl Top {
    /// Time has gone: everything on the screen is asked for anew.
    pub(super) fn tick(&mut self) {
        let is_due = self.page != Page::Charts || self.ticks.is_multiple_of(CHARTS_TICKS);
        self.ticks += 1;
        self.ask(About::System);
        if let Some(Overlay::Actor(id, _)) = &self.overlay {
            self.ask(About::Actor(id.clone()));
        } else if is_due {
            self.ask(About::Page(self.page));
        }
    }

    /// What to ask now.
    pub(super) fn question(&mut self) -> Option<Question> {
        self.due.pop_front()
    }

    /// Asked once, however often it is due before its turn comes.
    fn ask(&mut self, about: About) {
        let question = self.question_about(about);
        self.due.retain(|other| other.about != question.about);
        self.due.push_back(question);
    }

    fn look_now(&mut self) {
        let question = self.question_about(About::Page(self.page));
        self.due.retain(|other| other.about != question.about);
        self.due.push_front(question);
    }

    pub(super) fn window(&self) -> &'static str {
        WINDOWS[self.window % WINDOWS.len()]
    }

    /// A key was pressed.
    pub(super) fn press(&mut self, key: KeyEvent) -> Effect {
        self.trouble = None;
        if let Some(overlay) = self.overlay.take() {
            return self.press_over(overlay, key);
        }
        if let Some(column) = keys::sort_by(key) {
            self.sort_by(column);
            return Effect::Nothing;
        }
        let Some(command) = keys::command(key) else { return Effect::Nothing };
        self.said = None;
        self.obey(command)
    }

    fn obey(&mut self, command: Command) -> Effect {
        match command {
            Command::Quit => return Effect::Quit,
            Command::Help => self.overlay = Some(Overlay::Help),
            Command::Search => {
                self.turn_to(Page::Actors);
                self.overlay = Some(Overlay::Search(self.search.clone()));
            }
            Command::TreeOrActors => {
                self.turn_to(if self.page == Page::Tree { Page::Actors } else { Page::Tree });
            }
            Command::Sort => {
                self.turn_to(Page::Actors);
                self.overlay = Some(Overlay::Sort(self.sort));
            }
            Command::Invert => {
                self.inverted = !self.inverted;
                self.look_now();
            }
            Command::Window => {
                self.window = (self.window + 1) % WINDOWS.len();
                self.look_now();
            }
            Command::NextPage => self.turn_to(self.page.next()),
            Command::Page(number) => {
                if let Some(page) = Page::ALL.get(usize::from(number)) {
                    self.turn_to(*page);
                }
            }
            Command::Move(step) => match self.page {
                Page::Tree => {
                    let ids: Vec<_> =
                        self.branches().iter().map(|branch| branch.id().to_owned()).collect();
                    self.tree.select(&ids, step);
                }
                Page::Actors => self.actors.step(step),
                Page::PushServices => self.services.step(step),
                Page::Charts => {}
            },
            Command::Fold => self.fold(),
            Command::Open => {
                if let Some(id) = self.selected_actor() {
                    self.overlay = Some(Overlay::Actor(id.clone(), None));
                    self.ask(About::Actor(id));
                }
            }
            Command::Kill => self.offer_kill(),
            Command::PauseOrResume => self.offer_pause(),
            Command::Back => {
                if !self.search.is_empty() {
                    self.search.clear();
                    self.look_now();
                }
            }
        }
        Effect::Nothing
    }

    fn turn_to(&mut self, page: Page) {
        if self.page != page {
            self.page = page;
            self.look_now();
        }
    }

    fn sort_by(&mut self, column: &str) {
        if let Some(place) = SORTS.iter().position(|(name, _)| *name == column) {
            self.sort = place;
            self.turn_to(Page::Actors);
            self.look_now();
        }
    }

    fn fold(&mut self) {
        let Some(id) = self.tree.selected.clone().filter(|_| self.page == Page::Tree) else {
            return;
        };
        if !self.unfolded.remove(&id) {
            self.unfolded.insert(id);
        }
        self.look_now();
    }

    /// The actor that a key is about.
    fn selected_actor(&self) -> Option<String> {
        match self.page {
            Page::Tree => self.tree.selected.clone(),
            Page::Actors => self.actors.selected.clone(),
            Page::PushServices | Page::Charts => None,
        }
    }

    /// The tree as its lines stand on the screen.
    pub(super) fn branches(&self) -> Vec<Branch<'_>> {
        self.tree.answer.as_ref().map(list::branches).unwrap_or_default()
    }

    /// An answer came, or the reason why there is none.
    pub(super) fn hear(&mut self, question: &Question, answer: Result<Value, String>) {
        let heard = answer.and_then(|answer| self.take(&question.about, answer));
        match (heard, &question.about) {
            (Err(why), About::Act(_)) => self.said = Some(why),
            (Ok(()), About::Act(done)) => {
                self.said = Some(done.clone());
                self.look_now();
            }
            (Err(why), about) => self.trouble = Some((about.clone(), why)),
            (Ok(()), about) => {
                self.trouble.take_if(|(of, _)| of == about);
            }
        }
    }

    fn take(&mut self, about: &About, answer: Value) -> Result<(), String> {
        match about {
            About::System => self.system = Some(read(answer)?),
            About::Page(Page::Tree) => {
                let tree: Tree = read(answer)?;
                let ids: Vec<_> = list::branches(&tree).iter().map(|b| b.id().to_owned()).collect();
                self.tree.hear(tree, &ids);
            }
            About::Page(Page::Actors) => {
                let actors: Actors = read(answer)?;
                let ids: Vec<_> = actors.items.iter().map(|actor| actor.id.clone()).collect();
                self.actors.hear(actors, &ids);
            }
            About::Page(Page::PushServices) => {
                let services: PushServices = read(answer)?;
                let ids: Vec<_> = services.items.iter().map(|one| one.origin.clone()).collect();
                self.services.hear(services, &ids);
            }
            About::Page(Page::Charts) => self.charts = Some(read::<Charts>(answer)?),
            About::Actor(id) => {
                if let Some(Overlay::Actor(shown, actor)) = &mut self.overlay
                    && shown == id
                {
                    *actor = Some(Box::new(read::<OneActor>(answer)?));
                }
            }
            About::Act(_) => {}
        }
        Ok(())
    }
}

fn read<T: DeserializeOwned>(answer: Value) -> Result<T, String> {
    serde_json::from_value(answer).map_err(|error| {
        format!("the daemon's answer is not understood: {error}; is it of another version?")
    })
}
