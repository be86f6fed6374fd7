//! What lies over a page.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::{Line, Text};
use ratatui::widgets::{Block, Clear, List, ListState, Paragraph, Wrap};

use super::figures::{age, count, number, share};
use super::{BAD, QUIET, SELECTED};
use crate::cli::output::plain;
use crate::cli::top::answer::OneActor;
use crate::cli::top::keys::HELP;
use crate::cli::top::state::{Overlay, SORTS};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, overlay: &Overlay) {
    match overlay {
        Overlay::Help => {
            let lines = HELP.iter().map(|(keys, what)| Line::raw(format!("{keys:>28}  {what}")));
            panel(frame, centred(area, 96, 19), "Keys", lines.collect());
        }
        Overlay::Sort(at) => {
            let area = centred(area, 24, 10);
            frame.render_widget(Clear, area);
            let list = List::new(SORTS.map(|(_, name)| name))
                .block(Block::bordered().title("Sort by"))
                .highlight_style(SELECTED);
            let mut state = ListState::default().with_selected(Some(*at));
            frame.render_stateful_widget(list, area, &mut state);
        }
        Overlay::Search(text) => {
            let line = Line::raw(format!("{}▏", plain(text)));
            panel(
                frame,
                centred(area, 60, 3),
                "Search actors (Enter keeps, Esc clears)",
                line.into(),
            );
        }
        Overlay::Confirm { question, .. } => {
            let text = Text::from(vec![Line::raw(plain(question)), Line::raw("y yes   n no")]);
            panel(frame, centred(area, 76, 5), "Sure?", text);
        }
        Overlay::Actor(id, None) => {
            panel(frame, area, id, Line::styled("Asking …", QUIET).into());
        }
        Overlay::Actor(_, Some(actor)) => {
            let title = format!("{} {} (Esc: back)", actor.actor.kind, plain(&actor.actor.name));
            panel(frame, area, &title, one_actor(actor));
        }
    }
}

fn panel(frame: &mut Frame<'_>, area: Rect, title: &str, text: Text<'_>) {
    frame.render_widget(Clear, area);
    let block = Block::bordered().title(title);
    frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: false }).block(block), area);
}

fn centred(area: Rect, width: u16, height: u16) -> Rect {
    area.centered(
        Constraint::Length(width.min(area.width)),
        Constraint::Length(height.min(area.height)),
    )
}

fn one_actor(one: &OneActor) -> Text<'static> {
    let actor = &one.actor;
    let mut lines = vec![
        pair("state", plain(&actor.state)),
        pair("arbiter", plain(&actor.arbiter)),
        pair(
            "mailbox",
            format!("{} now, {} peak", count(actor.mailbox.now), count(actor.mailbox.peak)),
        ),
        pair(
            "messages",
            format!("{}, {}/s", count(actor.messages), number(actor.messages_per_second)),
        ),
        pair("busy", share(actor.busy)),
        pair("age", age(actor.age_seconds)),
        pair("restarts", count(actor.restarts)),
    ];
    if actor.silent {
        lines.push(Line::styled(format!("{:>24}  does not answer", ""), BAD));
    }
    for detail in &one.details {
        let value = detail.value.as_str().map_or_else(|| detail.value.to_string(), str::to_owned);
        let unit = detail.unit.as_deref().unwrap_or_default();
        lines.push(pair(&plain(&detail.name), plain(format!("{value} {unit}"))));
    }
    lines.extend([Line::default(), heading("Last messages")]);
    lines.extend(
        one.recent_messages.iter().map(|handled| pair(&handled.at, plain(&handled.message))),
    );
    lines.extend([Line::default(), heading("Restarts")]);
    lines.extend(one.restart_history.iter().map(|restart| {
        pair(&restart.at, format!("by {}: {}", plain(&restart.by), plain(&restart.panic)))
    }));
    lines.into()
}

fn pair(name: &str, value: String) -> Line<'static> {
    Line::raw(format!("{name:>24}  {value}"))
}

fn heading(text: &str) -> Line<'static> {
    Line::styled(format!("{text:>24}"), QUIET)
}
