/** A part of a page, and what stands in it: figures to see at once, and lists of words and figures. */

import { make, setText } from '../common/dom.js';

/** A titled part of a page. */
export function panel(name, title, ...body) {
  const id = `panel-${name}`;
  const element = make('section', { className: `panel panel-${name}` }, make('h2', { id }, title), ...body);
  element.setAttribute('aria-labelledby', id);
  return element;
}

/** `[words, field, text, note?, isBad(now)?]` each, large; `text` and `note` are `write(now)`, or `{ draw(place, now) }`. */
export function createFigures(figures) {
  const places = figures.map(([words, field, write, note, isBad = () => false]) => {
    const value = make('span', { className: 'figure' });
    value.dataset.field = field;
    const more = make('span', { className: 'quiet' });
    const tile = make('div', {}, make('dt', {}, words), make('dd', {}, value, more));
    return { tile, show(now) {
      draw(value, write, now);
      if (note) draw(more, note, now);
      tile.toggleAttribute('data-bad', isBad(now));
    } };
  });
  return {
    element: make('dl', { className: 'figures' }, ...places.map(({ tile }) => tile)),
    show: (now) => places.forEach((place) => place.show(now)),
  };
}

/** The same, in lines. */
export function createList(facts) {
  const lines = facts.map(([words, field, write, isBad = () => false]) => {
    const value = make('dd');
    value.dataset.field = field;
    const line = make('div', {}, make('dt', {}, words), value);
    return { line, show(now) {
      draw(value, write, now);
      line.toggleAttribute('data-bad', isBad(now));
    } };
  });
  return {
    element: make('dl', { className: 'details' }, ...lines.map(({ line }) => line)),
    show: (now) => lines.forEach((line) => line.show(now)),
  };
}

function draw(place, write, now) {
  if (write.draw) write.draw(place, now);
  else setText(place, write(now));
}
