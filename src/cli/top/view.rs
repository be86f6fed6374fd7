//! The screen: meters above, the page below, what lies over it, and the keys at the foot.

mod actors;
mod charts;
mod figures;
mod meters;
mod overlay;
mod push_services;

#[cfg(test)]
mod tests;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::state::{Page, Top};

/// Of the line with the columns' names, and of what is selected: as htop has them, in the terminal's own colours.
const HEAD: Style = Style::new().fg(Color::Black).bg(Color::Green);
const SELECTED: Style = Style::new().fg(Color::Black).bg(Color::Cyan);
const QUIET: Style = Style::new().add_modifier(Modifier::DIM);
const BAD: Style = Style::new().fg(Color::Red).add_modifier(Modifier::BOLD);
const WARM: Style = Style::new().fg(Color::Yellow);
const GOOD: Style = Style::new().fg(Color::Green);

/// Draws everything.
pub(super) fn draw(frame: &mut Frame<'_>, top: &Top) {
    let areas = Layout::vertical([
        Constraint::Length(meters::height(top)),
        Constraint::Length(1),
        Constraint::Min(3),
        Constraint::Length(1),
    ]);
    let [meters, tabs, body, foot] = areas.areas(frame.area());
    meters::draw(frame, meters, top);
    frame.render_widget(Paragraph::new(tab_line(top)), tabs);
    match top.page {
        Page::Tree => actors::draw_tree(frame, body, top),
        Page::Actors => actors::draw_table(frame, body, top),
        Page::PushServices => push_services::draw(frame, body, top),
        Page::Charts => charts::draw(frame, body, top),
    }
    if let Some(lying_over) = &top.overlay {
        overlay::draw(frame, body, lying_over);
    }
    foot_line(frame, foot, top);
}

fn tab_line(top: &Top) -> Line<'_> {
    let tab = |(number, page): (usize, &Page)| {
        let text = format!(" {number} {} ", page.title());
        let style = if *page == top.page { SELECTED } else { Style::new() };
        [Span::styled(text, style), Span::raw(" ")]
    };
    (1..).zip(&Page::ALL).flat_map(tab).collect()
}

/// What has been said, or what is in the way; else the keys that are needed most.
fn foot_line(frame: &mut Frame<'_>, area: Rect, top: &Top) {
    let trouble = top.trouble.as_ref().map(|(_, why)| why);
    let line = match top.said.as_ref().or(trouble) {
        Some(said) => Line::styled(said.as_str(), WARM),
        None => [
            ("F1", "Help "),
            ("F3", "Search "),
            ("F5", "Tree "),
            ("F6", "Sort "),
            ("F9", "Kill "),
            ("p", "Pause "),
            ("Tab", "Page "),
            ("F10", "Quit"),
        ]
        .into_iter()
        .flat_map(|(key, word)| [Span::raw(key), Span::styled(word, SELECTED)])
        .collect(),
    };
    frame.render_widget(Paragraph::new(line), area);
}
