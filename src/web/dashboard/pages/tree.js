/** The tree of supervisors and workers, from Root down. */

import { createProblem } from '../problem.js';
import { createTree } from '../tree.js';

const CHILDREN = 25; // of each supervisor that is open: the busiest

export const tree = { name: 'tree', title: 'Tree', needs: 'instance', key: 't', mount };

function mount(main, context) {
  const problem = createProblem();
  const open = new Set((context.query.expand ?? '').split(',').filter(Boolean));
  const view = createTree({ open, onOpen: follow, navigate: context.navigate });
  const missing = createProblem();
  main.append(problem.element, missing.element, view.element);
  let stop = () => {};
  follow();

  function follow() {
    stop();
    const expand = [...open].join(',');
    context.remember({ expand });
    const query = new URLSearchParams({ ...(expand && { expand }), limit: CHILDREN });
    stop = context.watch(`/v1/observe/tree?${query}`, show, problem.show);
  }

  function show({ nodes }) {
    problem.clear();
    const silent = nodes.filter((node) => node.silent).map(({ id }) => id);
    missing.tell(silent.length ? `Not all actors are here: ${silent.join(', ')} did not answer in time.` : '');
    view.show(nodes);
  }
}
