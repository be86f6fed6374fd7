//! What was measured, a row for each kind.

use std::fmt;
use std::time::Duration;

use crate::hostile::{Kind, Seen};
use crate::load::Size;

pub(crate) struct Head {
    pub(crate) size: Size,
}

/// Waits of good endpoints and rates, without hostile ones beside them and with.
pub(crate) struct Row {
    name: &'static str,
    pub(crate) waits: Vec<(Vec<Duration>, Vec<Duration>)>,
    pub(crate) rates: Vec<(f64, f64)>,
    pub(crate) seen: Seen,
}

impl Row {
    pub(crate) fn of(kind: &Kind) -> Self {
        Self { name: kind.name(), waits: Vec::new(), rates: Vec::new(), seen: Seen::default() }
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Size { few, rounds, many, bursts, hostile, .. } = self.size;
        writeln!(
            f,
            "{hostile} hostile endpoints; {rounds} notifications to {few} good ones for the waits (from the POST to the \
             request), {bursts} to {many} for the rates\n"
        )?;
        let [kind, p50, p99, ratio] = ["alone | with", "p50 ms", "p99 ms", "p99 ratio"];
        let by_rounds = "by rounds";
        let [rate, rates, requests, slots, kilobytes] =
            ["deliveries/s", "ratio", "requests", "slots", "kB each"];
        write!(f, "{kind:<36}{p50:>15}{p99:>15}{ratio:>11}{by_rounds:>11}{rate:>17}{rates:>7}")?;
        write!(f, "{requests:>10}{slots:>7}{kilobytes:>9}")
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<36}", self.name)?;
        let (clean, beset): (Vec<_>, Vec<_>) = self.waits.iter().cloned().unzip();
        let (clean, beset) = (clean.concat(), beset.concat());
        for part in [0.5, 0.99] {
            let [clean, beset] = [&clean, &beset].map(|waits| quantile(waits, part));
            write!(f, "{:>7.1}{:>8.1}", clean * 1e3, beset * 1e3)?;
        }
        let ratio = quantile(&beset, 0.99) / quantile(&clean, 0.99);
        // One standstill of the machine decides over all waits together, but not over half of the rounds.
        let by_rounds = self.waits.iter();
        let by_rounds =
            by_rounds.map(|(clean, beset)| quantile(beset, 0.99) / quantile(clean, 0.99));
        let by_rounds = median(by_rounds.collect());
        let [clean, beset] = [0, 1].map(|side| {
            median(self.rates.iter().map(|&(clean, beset)| [clean, beset][side]).collect())
        });
        let rates = median(self.rates.iter().map(|(clean, beset)| beset / clean).collect());
        write!(f, "{ratio:>11.2}{by_rounds:>11.2}{clean:>9.0}{beset:>8.0}{rates:>7.2}")?;
        let Seen { requests, slots, bytes } = self.seen;
        let each = bytes
            .zip(requests)
            .map(|(bytes, requests)| format!("{:.0}", bytes as f64 / 1e3 / requests.max(1) as f64));
        write!(f, "{:>10}{:>7}{:>9}", shown(requests), shown(slots), shown(each))
    }
}

fn shown(figure: Option<impl fmt::Display>) -> String {
    figure.map_or("-".to_owned(), |figure| figure.to_string())
}

/// In seconds.
fn quantile(waits: &[Duration], part: f64) -> f64 {
    let mut sorted = waits.to_vec();
    sorted.sort_unstable();
    let place = ((sorted.len() - 1) as f64 * part).round() as usize;
    sorted[place].as_secs_f64()
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures[figures.len() / 2]
}
