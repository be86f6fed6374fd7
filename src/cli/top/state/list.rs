//! A list on the screen, and which of its lines is selected: the same thing, wherever it has moved to.

use super::super::answer::{Actor, Actors, PushServices, Tree};
use super::super::keys::Step;

/// An answer that is a list.
#[derive(Debug)]
pub(in crate::cli::top) struct List<T> {
    pub(in crate::cli::top) answer: Option<T>,
    pub(in crate::cli::top) selected: Option<String>,
    /// Where the selection stood: if what was selected has gone, its place is.
    place: usize,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { answer: None, selected: None, place: 0 }
    }
}

impl<T> List<T> {
    /// Takes a new answer, whose lines have these ids.
    pub(super) fn hear(&mut self, answer: T, ids: &[String]) {
        self.answer = Some(answer);
        match ids.iter().position(|id| Some(id) == self.selected.as_ref()) {
            Some(place) => self.place = place,
            None => {
                self.place = self.place.min(ids.len().saturating_sub(1));
                self.selected = ids.get(self.place).cloned();
            }
        }
    }

    /// Moves the selection.
    pub(super) fn select(&mut self, ids: &[String], step: Step) {
        let last = ids.len().saturating_sub(1);
        self.place = match step {
            Step::ToFirst => 0,
            Step::ToLast => last,
            Step::By(lines) => self.place.saturating_add_signed(lines.into()).min(last),
        };
        self.selected = ids.get(self.place).cloned();
    }

    /// The line that is selected.
    pub(in crate::cli::top) fn place(&self) -> Option<usize> {
        self.selected.as_ref().map(|_| self.place)
    }
}

impl List<Actors> {
    pub(super) fn step(&mut self, step: Step) {
        let items = self.answer.as_ref().map(|actors| actors.items.as_slice()).unwrap_or_default();
        let ids: Vec<_> = items.iter().map(|actor| actor.id.clone()).collect();
        self.select(&ids, step);
    }
}

impl List<PushServices> {
    pub(super) fn step(&mut self, step: Step) {
        let items = self.answer.as_ref().map(|services| services.items.as_slice());
        let ids: Vec<_> =
            items.unwrap_or_default().iter().map(|service| service.origin.clone()).collect();
        self.select(&ids, step);
    }
}

/// A line of the tree.
#[derive(Clone, Debug)]
pub(in crate::cli::top) struct Branch<'a> {
    pub(in crate::cli::top) actor: &'a Actor,
    /// What stands before its name.
    pub(in crate::cli::top) lines: String,
}

impl Branch<'_> {
    pub(super) fn id(&self) -> &str {
        &self.actor.id
    }
}

/// The lines of a tree, children below their parents, in the order in which they came.
pub(super) fn branches(tree: &Tree) -> Vec<Branch<'_>> {
    let mut branches = Vec::with_capacity(tree.nodes.len());
    for root in tree.nodes.iter().filter(|actor| actor.parent.is_none()) {
        branches.push(Branch { actor: root, lines: String::new() });
        below(tree, &root.id, "", &mut branches);
    }
    branches
}

fn below<'a>(tree: &'a Tree, parent: &str, indent: &str, branches: &mut Vec<Branch<'a>>) {
    let children: Vec<_> =
        tree.nodes.iter().filter(|actor| actor.parent.as_deref() == Some(parent)).collect();
    let count = children.len();
    for (place, actor) in children.into_iter().enumerate() {
        let is_last = place + 1 == count;
        let lines = format!("{indent}{}", if is_last { "└─ " } else { "├─ " });
        branches.push(Branch { actor, lines });
        let deeper = format!("{indent}{}", if is_last { "   " } else { "│  " });
        below(tree, &actor.id, &deeper, branches);
    }
}
