/** What the charts know: a snapshot, then point by point. Where the daemon said nothing, there is a gap. It knows no page. */

const LATE = 1.5; // steps: a point that comes later than that leaves a gap before it

/** `seconds`: how far back it goes. Times are in seconds, as the daemon and uPlot have them. */
export function createHistory(seconds) {
  const history = { step: 1, at: [], series: [] };

  /** Takes the daemon's history, and keeps what was known before it: a restarted daemon begins anew. */
  history.snapshot = ({ step_seconds: step, at, series }) => {
    const first = at[at.findIndex((_, row) => series.some(({ values }) => values[row] !== null))] ?? Infinity;
    const last = at.at(-1) ?? history.at.at(-1) ?? 0;
    const before = history.at.map((time, row) => [time, row])
      .filter(([time]) => time < first && time > last - seconds);
    const known = at.map((time, row) => [time, row]).filter(([time]) => time >= first);
    const was = new Map(history.series.map((one) => [nameOf(one), one.values]));
    const rows = [...before.map(([time, row]) => ({ time, of: (one) => was.get(nameOf(one))?.[row] ?? null })),
      ...known.map(([time, row]) => ({ time, of: (one) => one.values[row] }))];
    Object.assign(history, { step, at: [], series: series.map(({ values, ...one }) => ({ ...one, values: [] })) });
    for (const { time, of } of rows) append(history, time, series.map(of));
  };

  /** Takes one step's values, in the order of the series. */
  history.point = ({ at, values }) => {
    append(history, at, values);
    const kept = history.at.findIndex((time) => time > at - seconds);
    if (kept <= 0) return;
    history.at.splice(0, kept);
    for (const one of history.series) one.values.splice(0, kept);
  };

  /** From when to when it is shown; all of it, also where nothing is known yet. */
  history.range = () => {
    const last = history.at.at(-1) ?? Date.now() / 1000;
    return [last - seconds, last];
  };
  return history;
}

/** It replaces all that does not come before it, as the daemon does: of its last step, and after a clock that was set back. */
function append(history, time, values) {
  const later = history.at.findIndex((one) => one >= time);
  if (later >= 0) {
    history.at.length = later;
    for (const one of history.series) one.values.length = later;
  }
  const last = history.at.at(-1);
  if (last !== undefined && time - last > history.step * LATE) push(history, last + history.step, []);
  push(history, time, values);
}

function push(history, time, values) {
  history.at.push(time);
  history.series.forEach((one, at) => one.values.push(values[at] ?? null));
}

/** What tells one series from all others. */
export const nameOf = ({ name, labels }) =>
  [name, ...Object.entries(labels ?? {}).sort().map(([label, value]) => `${label}=${value}`)].join(' ');
