/** One chart's drawing, by uPlot: lines, or areas on top of each other. */

import uPlot from '../../vendor/uplot/uPlot.esm.js';
import { linear, logarithmic, time, UNITS } from './units.js';

const HEIGHT = 200; // as in charts.css, which keeps the place before it is drawn
const AXIS_WIDTH = 72; // the same in every chart: their times stand below each other
const AXIS_HEIGHT = 28;
const FONT = '12px system-ui, sans-serif';
const DASHES = [[], [], [2, 3], [8, 3, 2, 3]]; // the first two differ enough by how light they are
const SMALLEST = 1e-6; // seconds: a logarithm needs more than nothing

/**
 * `onCursor(row)`: which row the pointer is at, in any of the charts; null where it is at none. `range()`: from when to
 * when.
 */
export function createPlot(place, chart, lines, { range, onCursor }) {
  const unit = UNITS[chart.unit];
  const shown = lines.map(() => true);
  const colours = readColours(place);
  const plot = new uPlot(options(), columns([], lines.map(() => [])), place);
  const observer = new ResizeObserver(() => resize());
  observer.observe(place);
  let at = [];
  let values = [];

  function options() {
    return {
      width: Math.max(1, place.clientWidth), height: HEIGHT, padding: [8, 8, 0, 0], legend: { show: false },
      drawOrder: chart.stacked ? ['series', 'axes'] : ['axes', 'series'],
      scales: { x: { time: true, range: () => range() }, y: scale() },
      axes: [axis({ size: AXIS_HEIGHT, space: 64, values: times }), axis({ size: AXIS_WIDTH, ...valueAxis() })],
      series: [{}, ...order().map(series)],
      cursor: { y: false, drag: { x: false, y: false, setScale: false }, sync: { key: 'fanfare-charts' }, points: { size: 7 } },
      hooks: { setCursor: [({ cursor }) => onCursor(cursor.idx ?? null)] },
    };
  }

  function scale() {
    if (chart.log) return { distr: 3, log: 10, range: (_, lowest, highest) => logarithmic(lowest, highest) };
    return { range: (_, lowest, highest) => linear(unit, highest) };
  }

  function axis(more) {
    const grid = { stroke: () => colours.line, width: 1, ...more.grid };
    return { ...more, stroke: () => colours.quiet, font: FONT, grid, ticks: { show: false }, gap: 8 };
  }

  function valueAxis() {
    const values = (_, splits) => splits.map((split) => (split === null ? null : unit.write(split).replace(/\.0\b/, '')));
    if (!chart.log) return { space: 32, incrs: unit.steps, values };
    return { space: 24, values, grid: { filter: (_, splits) => splits.map((split) => (isPowerOfTen(split) ? split : null)) } };
  }

  /** The sum of all is drawn first, and what is nearer to the ground covers it. */
  function order() {
    const all = lines.map((_, line) => line);
    return chart.stacked ? all.reverse() : all;
  }

  function series(line) {
    const colour = () => colours.chart[lines[line].colour % colours.chart.length];
    const isFilled = chart.stacked || chart.filled;
    return {
      stroke: colour, width: chart.stacked ? 1 : 1.75, dash: chart.stacked ? undefined : DASHES[line % DASHES.length],
      fill: isFilled ? () => softened(colour(), colours.card) : undefined,
      points: { show: false, size: 4, filter: (plotted, column) => alone(plotted.data[column]) },
    };
  }

  function columns(times_, all) {
    if (!chart.stacked) return [times_, ...all.map((one) => (chart.log ? one.map(positive) : one))];
    const sums = [];
    all.forEach((one, line) => {
      const below = sums[line - 1];
      sums.push(one.map((value, row) => stack(below?.[row], shown[line] ? value : 0, value)));
    });
    return [times_, ...sums.reverse()];
  }

  function draw() {
    plot.setData(columns(at, values));
  }

  function resize() {
    const width = place.clientWidth;
    if (width > 0 && width !== plot.width) plot.setSize({ width, height: HEIGHT });
  }

  return {
    update(newAt, newValues) {
      at = newAt;
      values = newValues;
      draw();
    },
    toggle(line) {
      shown[line] = !shown[line];
      if (chart.stacked) plot.setSeries(order().indexOf(line) + 1, { show: shown[line] });
      else plot.setSeries(line + 1, { show: shown[line] });
      draw();
      return shown[line];
    },
    destroy() {
      observer.disconnect();
      plot.destroy();
    },
  };

  function times(_, splits, axisAt, space, step) {
    return splits.map((split) => time(split, step < 60));
  }
}

/** A gap in one is a gap in all: they were measured together. */
const stack = (below, value, measured) => (measured === null || below === null ? null : (below ?? 0) + value);

const isPowerOfTen = (value) => Math.abs(Math.log10(value) % 1) < 1e-9;

const positive = (value) => (value === null ? null : Math.max(value, SMALLEST));

/** Rows with a gap on both sides, which no line would show. */
function alone(values) {
  const rows = [];
  for (let row = 0; row < values.length; row += 1) {
    if (values[row] != null && values[row - 1] == null && values[row + 1] == null) rows.push(row);
  }
  return rows;
}

/** The page's own colours, as they are in this scheme. */
function readColours(place) {
  const style = getComputedStyle(place);
  const of = (name) => style.getPropertyValue(name).trim();
  return {
    chart: Array.from({ length: 8 }, (_, at) => of(`--chart-${at + 1}`)),
    line: of('--line'), quiet: of('--quiet'), card: of('--card'),
  };
}

/** Opaque, so that what is stacked below it does not shine through. */
function softened(colour, ground) {
  const [a, b] = [colour, ground].map((hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)));
  return `rgb(${a.map((value, at) => Math.round(value * 0.42 + b[at] * 0.58)).join(' ')})`;
}
