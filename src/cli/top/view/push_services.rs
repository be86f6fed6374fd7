//! The push services, and how they fare.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::Style;
use ratatui::widgets::{Paragraph, Row, Table, TableState};

use super::figures::{count, latency};
use super::{BAD, GOOD, HEAD, QUIET, SELECTED, WARM};
use crate::cli::output::plain;
use crate::cli::top::answer::PushService;
use crate::cli::top::state::Top;

const COLUMNS: [(&str, Constraint); 13] = [
    ("SERVICE", Constraint::Length(9)),
    ("GATE", Constraint::Length(8)),
    ("OUT", Constraint::Length(5)),
    ("OF", Constraint::Length(5)),
    ("LINE", Constraint::Length(5)),
    ("2xx", Constraint::Length(7)),
    ("4xx", Constraint::Length(6)),
    ("429", Constraint::Length(6)),
    ("5xx", Constraint::Length(6)),
    ("none", Constraint::Length(6)),
    ("p50", Constraint::Length(6)),
    ("p99", Constraint::Length(6)),
    ("ORIGIN, UNTIL WHEN, WHAT IS WRONG", Constraint::Min(30)),
];

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, top: &Top) {
    let services = top.services.answer.as_ref().map(|services| services.items.as_slice());
    if services.is_some_and(<[_]>::is_empty) {
        let text = "No push service has been asked since the start.";
        return frame.render_widget(Paragraph::new(text).style(QUIET), area);
    }
    let rows = services.unwrap_or_default().iter().map(row);
    let table = Table::new(rows, COLUMNS.map(|(_, width)| width))
        .header(Row::new(COLUMNS.map(|(name, _)| name)).style(HEAD))
        .row_highlight_style(SELECTED)
        .column_spacing(1);
    let mut state = TableState::new().with_selected(top.services.place());
    frame.render_stateful_widget(table, area, &mut state);
}

fn row(service: &PushService) -> Row<'static> {
    let answers = service.answers;
    let mut last = plain(&service.origin);
    for more in service.until.iter().chain(service.alerts.iter().map(|alert| &alert.detail)) {
        last.push_str("  ");
        last.push_str(&plain(more));
    }
    let style = match service.state.as_str() {
        "open" if service.alerts.is_empty() => GOOD,
        "shut" => BAD,
        "open" | "probing" | "paused" => WARM,
        _ => Style::new(),
    };
    Row::new([
        plain(&service.push_service),
        plain(&service.state),
        count(service.in_flight),
        count(service.limit),
        count(service.waiting),
        count(answers.ok),
        count(answers.client_error),
        count(answers.throttled),
        count(answers.server_error),
        count(answers.none),
        latency(service.latency.p50_seconds),
        latency(service.latency.p99_seconds),
        last,
    ])
    .style(style)
}
