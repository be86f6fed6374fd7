//! What is asked of the daemon.

use http::Method;
use serde_json::Value;

use super::{Page, SORTS, Top};
use crate::cli::path::segment;
use crate::control::Call;

/// Actors that are asked for at once: more than a tall terminal shows.
const ROWS: u32 = 200;

/// Workers of each supervisor that is unfolded.
const CHILDREN: u32 = 50;

/// What a question is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::cli::top) enum About {
    Page(Page),
    Actor(String),
    System,
    /// Something is done; what to say once it is.
    Act(String),
}

/// A question, as it is asked.
#[derive(Clone)]
pub(in crate::cli::top) struct Question {
    pub(super) about: About,
    call: Call,
}

impl Question {
    /// Something to do; `done` says that it is done.
    pub(super) fn act(path: &str, body: Option<Value>, done: String) -> Self {
        let call = Call::new(Method::POST, path);
        let call = match body {
            Some(body) => call.json(body),
            None => call,
        };
        Self { about: About::Act(done), call }
    }

    /// As the API has it.
    pub(in crate::cli::top) fn call(&self) -> Call {
        self.call.clone()
    }
}

impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Question").field(&self.about).finish()
    }
}

impl Top {
    /// The question about something, as the screen stands now.
    pub(super) fn question_about(&self, about: About) -> Question {
        let path = match &about {
            About::System => "/v1/observe/system".to_owned(),
            About::Actor(id) => format!("/v1/observe/actors/{}", segment(id)),
            About::Page(Page::Tree) => {
                let unfolded: Vec<_> = self.unfolded.iter().map(String::as_str).collect();
                let expand = segment(&unfolded.join(",")).to_string();
                format!("/v1/observe/tree?limit={CHILDREN}&expand={expand}")
            }
            About::Page(Page::Actors) => {
                let (sort, _) = SORTS[self.sort];
                // Names begin with A, and figures with the largest.
                let is_ascending = (sort == "name") != self.inverted;
                let order = if is_ascending { "asc" } else { "desc" };
                let (window, search) = (self.window(), segment(&self.search));
                format!(
                    "/v1/observe/actors?limit={ROWS}&sort={sort}&order={order}&window={window}&q={search}"
                )
            }
            About::Page(Page::PushServices) => "/v1/observe/push-services".to_owned(),
            About::Page(Page::Charts) => "/v1/observe/charts?span=10m".to_owned(),
            About::Act(_) => String::new(),
        };
        Question { about, call: Call::new(Method::GET, path) }
    }
}
