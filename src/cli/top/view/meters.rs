//! The meters above every page, as htop has them: processors, memory, what is used of each limit.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::figures::{age, bytes, count, share};
use super::{BAD, GOOD, QUIET, WARM};
use crate::cli::top::answer::{Arbiter, System};
use crate::cli::top::state::Top;

/// From here on a limit is nearly reached.
const NEARLY: f64 = 0.85;

/// A meter's name takes as much.
const NAME: usize = 13;

/// Arbiters that have a line.
const ARBITERS: usize = 4;

/// One arbiter a line, as htop has one processor.
pub(super) fn height(top: &Top) -> u16 {
    let arbiters = top.system.as_ref().map_or(0, |system| system.arbiters.len());
    u16::try_from(2 + arbiters.min(ARBITERS)).expect("a few lines")
}

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, top: &Top) {
    let Some(system) = &top.system else {
        return frame.render_widget(Paragraph::new("Asking the daemon …").style(QUIET), area);
    };
    let [left, right] =
        Layout::horizontal([Constraint::Percentage(50), Constraint::Percentage(50)]).areas(area);
    frame.render_widget(Paragraph::new(bars(system, left.width)), left);
    frame.render_widget(Paragraph::new(words(system, area.height)), right);
}

fn bars(system: &System, width: u16) -> Vec<Line<'static>> {
    #[expect(clippy::cast_precision_loss, reason = "a machine has few cores")]
    let cores = system.machine.cores.max(1) as f64;
    let mut lines = Vec::new();
    if let Some(cpu) = system.process.cpu {
        lines.push(bar("CPU", cpu / cores, &format!("{} of {cores} cores", share(cpu)), width));
    }
    for arbiter in busiest(&system.arbiters) {
        let busy = arbiter.utilisation.unwrap_or(0.0);
        lines.push(bar(&arbiter.name, busy, &share(busy), width));
    }
    if let (Some(used), Some(all)) = (system.process.resident_bytes, system.machine.memory_bytes) {
        lines.push(bar("Memory", used / all, &format!("{}/{}", bytes(used), bytes(all)), width));
    }
    lines
}

/// Where there are more than lines, the busiest, in their own order.
fn busiest(all: &[Arbiter]) -> impl Iterator<Item = &Arbiter> {
    let busy = |place: &usize| all[*place].utilisation.unwrap_or(0.0);
    let mut places: Vec<_> = (0..all.len()).collect();
    places.sort_by(|a, b| busy(b).total_cmp(&busy(a)));
    places.truncate(ARBITERS);
    places.sort_unstable();
    places.into_iter().map(|place| &all[place])
}

/// `CPU[|||||       23%]`
fn bar(name: &str, share: f64, text: &str, width: u16) -> Line<'static> {
    let room = usize::from(width).saturating_sub(NAME + 3);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "within a line"
    )]
    let full = (share.clamp(0.0, 1.0) * room as f64).round() as usize;
    let text: String = text.chars().take(room).collect();
    let before = room - text.chars().count();
    let (marks, blanks) = (full.min(before), before.saturating_sub(full));
    let style = match share {
        share if share >= NEARLY => BAD,
        share if share >= 0.5 => WARM,
        _ => GOOD,
    };
    let name: String = name.chars().take(NAME).collect();
    Line::from(vec![
        Span::raw(format!("{name:>NAME$}[")),
        Span::styled("|".repeat(marks), style),
        Span::raw(" ".repeat(blanks)),
        Span::styled(text, QUIET),
        Span::raw("]"),
    ])
}

fn words(system: &System, height: u16) -> Vec<Line<'static>> {
    let actors: u64 = system.arbiters.iter().map(|arbiter| arbiter.actors).sum();
    let mailboxes: u64 = system.arbiters.iter().map(|arbiter| arbiter.mailbox).sum();
    let mut lines = vec![
        Line::raw(format!(" fanfare {}   up {}", system.version, age(system.uptime_seconds))),
        Line::raw(format!(" {} actors   {} messages wait", count(actors), count(mailboxes))),
    ];
    // The nearest to its end is what is worth a line where there are few.
    let mut limits: Vec<_> = system.limits.iter().collect();
    limits.sort_by(|a, b| b.share.total_cmp(&a.share));
    for limit in limits {
        let style = if limit.share >= NEARLY { BAD } else { Style::new() };
        let text = format!(" {}: {}", limit.name, share(limit.share));
        lines.push(Line::styled(text, style));
    }
    lines.truncate(usize::from(height));
    lines
}
