/** Asks for an API key until one is taken. */

import { make, whileBusy } from '../common/dom.js';
import { createProblem } from './problem.js';
import { open } from './session.js';
import { freshMain } from './shell.js';

/** What the key may see. `reason`: why the last one was not enough. */
export function askForKey(reason) {
  const key = make('input', {
    id: 'key', type: 'password', required: true, autocomplete: 'off', spellcheck: false, autocapitalize: 'none',
  });
  key.setAttribute('aria-describedby', 'key-hint');
  const keep = make('input', { id: 'keep', type: 'checkbox' });
  const enter = make('button', { id: 'enter', type: 'submit', className: 'primary' }, 'Log in');
  const problem = createProblem();
  problem.element.id = 'login-problem';
  const form = make('form', { id: 'login', noValidate: true },
    make('div', { className: 'field' }, make('label', { htmlFor: 'key' }, 'API key'), key, hint()),
    make('label', { className: 'tick' }, keep, 'Keep it until this tab is closed'),
    problem.element, enter);
  show(form);
  problem.tell(reason ?? '');
  key.focus();
  return new Promise((resolve) => {
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      whileBusy(enter, 'Asking …', async () => {
        if (!key.value.trim()) return refuse(problem, key, 'A key is needed here.');
        const { overview, problem: refused } = await open(key.value.trim(), keep.checked);
        if (refused) return refuse(problem, key, refused);
        resolve(overview);
      });
    });
  });
}

function show(form) {
  const main = freshMain('login');
  document.title = 'Fanfare dashboard';
  main.append(make('div', { className: 'login card' },
    make('p', { className: 'brand' }, make('img', { src: '/web/icon.svg', alt: '', width: 36, height: 36 }), 'Fanfare'),
    make('h1', {}, 'Dashboard'), form,
    make('p', { className: 'login-more' }, make('a', { href: '/demo' }, 'Demo'), make('a', { href: '/docs' }, 'API reference'))));
  main.dataset.ready = 'true';
}

const code = (text) => make('code', {}, text);

function hint() {
  return make('p', { id: 'key-hint', className: 'hint' },
    'It begins with ', code('fk_'), '. The one that the server printed when it first started, or wrote to ',
    code('fanfare-data/admin-key'), ', shows everything. Another, for what one app sends: ',
    code('fanfare key create --scopes read'), '.');
}

function refuse(problem, key, text) {
  problem.tell('');
  problem.tell(text);
  key.select();
  key.focus();
}
