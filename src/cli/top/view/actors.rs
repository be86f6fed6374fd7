//! Actors: as a tree, and as a table.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Row, Table, TableState};

use super::figures::{age, count, number, share};
use super::{BAD, HEAD, QUIET, SELECTED, WARM};
use crate::cli::output::plain;
use crate::cli::top::answer::Actor;
use crate::cli::top::state::{SORTS, Top};

/// A column: its name, its width, and how wide a terminal must be for it.
const COLUMNS: [(&str, u16, u16); 8] = [
    ("STATE", 9, 0),
    ("MAIL", 6, 0),
    ("PEAK", 6, 100),
    ("MSG/s", 7, 0),
    ("BUSY%", 6, 0),
    ("RESTARTS", 8, 90),
    ("AGE", 7, 90),
    ("ARBITER", 11, 110),
];

/// Of as many things as there are columns, those that a terminal of that width has room for.
fn fitting<T>(all: [T; COLUMNS.len()], width: u16) -> impl Iterator<Item = T> {
    let fits = COLUMNS.map(|(_, _, least)| width >= least);
    all.into_iter().zip(fits).filter_map(|(one, fits)| fits.then_some(one))
}

/// What stands in each column.
fn cells(actor: &Actor) -> [String; COLUMNS.len()] {
    [
        plain(&actor.state),
        count(actor.mailbox.now),
        count(actor.mailbox.peak),
        number(actor.messages_per_second),
        share(actor.busy),
        count(actor.restarts),
        age(actor.age_seconds),
        plain(&actor.arbiter),
    ]
}

fn row<'a>(name: String, actor: &Actor, width: u16) -> Row<'a> {
    let style = if actor.restarts > 0 { WARM } else { Style::new() };
    Row::new(fitting(cells(actor), width).chain([name])).style(style)
}

fn table<'a>(frame: &mut Frame<'_>, area: Rect, rows: Vec<Row<'a>>, selected: Option<usize>) {
    let names = fitting(COLUMNS.map(|(name, ..)| name), area.width).chain(["ACTOR"]);
    let widths = fitting(COLUMNS.map(|(_, width, _)| Constraint::Length(width)), area.width);
    let widths = widths.chain([Constraint::Min(20)]);
    let table = Table::new(rows, widths)
        .header(Row::new(names).style(HEAD))
        .row_highlight_style(SELECTED)
        .column_spacing(1);
    let mut state = TableState::new().with_selected(selected);
    frame.render_stateful_widget(table, area, &mut state);
}

/// Root down.
pub(super) fn draw_tree(frame: &mut Frame<'_>, area: Rect, top: &Top) {
    let rows = top.branches().into_iter().map(|branch| {
        let actor = branch.actor;
        let mut name = format!("{}{}", branch.lines, called(actor));
        if let Some(children) = actor.children {
            name.push_str(&format!(
                "  {} alive, {} started",
                count(children.alive),
                count(children.started)
            ));
            if children.given_up > 0 {
                name.push_str(&format!(", {} given up", count(children.given_up)));
            }
            if !top.unfolded.contains(&actor.id) && children.alive > 0 {
                name.push_str("  [+]");
            }
        }
        if actor.hidden > 0 && top.unfolded.contains(&actor.id) {
            name.push_str(&format!("  ({} more)", count(actor.hidden)));
        }
        if actor.silent {
            name.push_str("  does not answer");
        }
        row(name, actor, area.width)
    });
    table(frame, area, rows.collect(), top.tree.place());
}

/// `ChannelWorker user:42`; what there is one of has no name of its own.
fn called(actor: &Actor) -> String {
    let (kind, name) = (plain(&actor.kind), plain(&actor.name));
    if name.eq_ignore_ascii_case(&kind) || name.is_empty() {
        kind
    } else {
        format!("{kind} {name}")
    }
}

/// All that match, sorted by the daemon.
pub(super) fn draw_table(frame: &mut Frame<'_>, area: Rect, top: &Top) {
    let [line, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(2)]).areas(area);
    let actors = top.actors.answer.as_ref();
    let items = actors.map(|actors| actors.items.as_slice()).unwrap_or_default();
    frame.render_widget(Paragraph::new(summary(top)), line);
    let rows = items.iter().map(|actor| row(called(actor), actor, area.width));
    table(frame, body, rows.collect(), top.actors.place());
}

fn summary(top: &Top) -> Line<'static> {
    let (_, column) = SORTS[top.sort];
    let order = if top.inverted { ", the other way round" } else { "" };
    let mut line = match &top.actors.answer {
        Some(actors) => format!("{} of {} actors", count(actors.matched), count(actors.total)),
        None => "…".to_owned(),
    };
    line.push_str(&format!(", by {column}{order}, over {}", top.window()));
    let mut spans = vec![Span::styled(line, QUIET)];
    if !top.search.is_empty() {
        spans.push(Span::styled(format!("  named like “{}”", plain(&top.search)), WARM));
    }
    if let Some(actors) = &top.actors.answer {
        if actors.items.is_empty() {
            spans.push(Span::styled("  none", BAD));
        }
        if !actors.silent.is_empty() {
            let silent = plain(actors.silent.join(", "));
            spans.push(Span::styled(format!("  without the workers of {silent}, silent"), BAD));
        }
    }
    Line::from(spans)
}
