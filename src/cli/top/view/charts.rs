//! The last ten minutes as lines: what is accepted, what is delivered, what waits, and how long it takes.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style};
use ratatui::symbols::Marker;
use ratatui::widgets::{Axis, Block, Chart, Dataset, GraphType, Paragraph};

use super::QUIET;
use super::figures::{age, latency, number};
use crate::cli::top::answer::{Charts, Series};
use crate::cli::top::state::Top;

/// A chart: its title, and the lines in it.
struct Plot {
    title: &'static str,
    show: fn(f64) -> String,
    lines: &'static [Wanted],
}

/// A line: the series, the label that it must have, its name and colour.
type Wanted = (&'static str, Option<(&'static str, &'static str)>, &'static str, Color);

fn seconds(value: f64) -> String {
    latency(Some(value))
}

const PLOTS: [Plot; 4] = [
    Plot {
        title: "A second",
        show: number,
        lines: &[
            ("accepts_per_second", None, "accepts", Color::Cyan),
            ("deliveries_per_second", Some(("outcome", "accepted")), "delivered", Color::Green),
            ("retries_per_second", None, "retries", Color::Yellow),
        ],
    },
    Plot {
        title: "Pending",
        show: number,
        lines: &[("pending", None, "deliveries", Color::Magenta)],
    },
    Plot {
        title: "From accept to accepted",
        show: seconds,
        lines: &[
            ("delivery_seconds", Some(("quantile", "0.5")), "p50", Color::Green),
            ("delivery_seconds", Some(("quantile", "0.99")), "p99", Color::Red),
        ],
    },
    Plot {
        title: "Messages that wait",
        show: number,
        lines: &[
            ("mailbox", Some(("kind", "ChannelWorker")), "channels", Color::Cyan),
            ("mailbox", Some(("kind", "SubscriptionWorker")), "subscriptions", Color::Green),
        ],
    },
];

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, top: &Top) {
    let Some(charts) = top.charts.as_ref().filter(|charts| charts.at.len() > 1) else {
        let text = "Nothing is known yet: the daemon looks once a second.";
        return frame.render_widget(Paragraph::new(text).style(QUIET), area);
    };
    let halves = Layout::vertical([Constraint::Percentage(50), Constraint::Percentage(50)]);
    let quarters = Layout::horizontal([Constraint::Percentage(50), Constraint::Percentage(50)]);
    let areas = halves.areas::<2>(area).map(|half| quarters.areas::<2>(half));
    for (plot, area) in PLOTS.iter().zip(areas.concat()) {
        draw_one(frame, area, plot, charts);
    }
}

fn draw_one(frame: &mut Frame<'_>, area: Rect, plot: &Plot, charts: &Charts) {
    let (Some(first), Some(last)) = (charts.at.first(), charts.at.last()) else { return };
    let lines: Vec<_> = plot
        .lines
        .iter()
        .filter_map(|wanted| Some((wanted, points(charts, find(charts, wanted)?))))
        .collect();
    let values = lines.iter().flat_map(|(_, points)| points.iter().map(|(_, value)| *value));
    let most = values.fold(0.0_f64, f64::max);
    let most = if most > 0.0 { most } else { 1.0 };
    let datasets = lines.iter().map(|((_, _, name, colour), points)| {
        let now = points.last().map_or_else(|| "-".to_owned(), |(_, value)| (plot.show)(*value));
        Dataset::default()
            .name(format!("{name} {now}"))
            .marker(Marker::Braille)
            .graph_type(GraphType::Line)
            .style(Style::new().fg(*colour))
            .data(points)
    });
    let time = Axis::default()
        .bounds([*first, *last])
        .labels([format!("{} ago", age(last - first)), "now".to_owned()])
        .style(QUIET);
    let height = Axis::default()
        .bounds([0.0, most])
        .labels(["0".to_owned(), (plot.show)(most)])
        .style(QUIET);
    let chart = Chart::new(datasets.collect())
        .block(Block::bordered().title(plot.title))
        .x_axis(time)
        .y_axis(height);
    frame.render_widget(chart, area);
}

fn find<'a>(charts: &'a Charts, (name, label, ..): &Wanted) -> Option<&'a Series> {
    let has = |series: &Series| match label {
        None => true,
        Some((key, value)) => series.labels.get(*key).is_some_and(|found| found == value),
    };
    charts.series.iter().find(|series| series.name == *name && has(series))
}

/// Where nothing is known there is no point.
fn points(charts: &Charts, series: &Series) -> Vec<(f64, f64)> {
    charts.at.iter().zip(&series.values).filter_map(|(at, value)| Some((*at, (*value)?))).collect()
}
