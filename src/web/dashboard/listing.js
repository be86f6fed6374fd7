/** A list that the daemon filters, sorts and cuts into pages. What was chosen stands in the page's URL, but for the page. */

/**
 * `choices`: what is asked for, by the names of the daemon's query; `passing`: those that no link keeps. `onChange(choices)`
 * before it is asked; `onRows(answer)`. Answers `change(changed)`, which asks anew.
 */
export function createListing(context, { path, choices, passing, problem, onChange = () => {}, onRows }) {
  let stop = () => {};
  return (changed = {}) => {
    stop();
    Object.assign(choices, changed);
    onChange(choices);
    context.remember(Object.fromEntries(Object.entries(choices).filter(([name]) => !passing.includes(name))));
    const query = new URLSearchParams(Object.entries(choices).filter(([, value]) => value !== ''));
    stop = context.watch(`${path}?${query}`, (answer) => {
      problem.clear();
      onRows(answer);
    }, problem.show);
  };
}

/** The choices of the URL's query, and these where it has none. */
export const chosen = (query, first) =>
  Object.fromEntries(Object.entries(first).map(([name, value]) => [name, query[name] ?? value]));
