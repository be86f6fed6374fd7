/** What stands around every page: navigation, the page's head, whether figures are live, and the way from page to page. */

import { $, make } from '../common/dom.js';
import { announce } from './announce.js';
import { closeDialogs } from './dialog.js';
import { isHeld, onLooking } from './looking.js';
import { showNavigation } from './navigation.js';
import { homeOf, maySee, WHY_NOT } from './pages.js';
import { hashOf, routeOf } from './router.js';
import { call, end, overviewNow } from './session.js';
import { createStatus } from './status.js';
import { askAgain, watch } from './watch.js';

let overview = null;
let leavePage = () => {};
let stopNavigation = () => {};
let isFirst = true;

/** An empty `<main>`: what an old page still writes goes nowhere. */
export function freshMain(page) {
  const main = make('main', { id: 'main', tabIndex: -1 });
  Object.assign(main.dataset, { page, ready: 'false' });
  $('main').replaceWith(main);
  return main;
}

export function showShell(seen) {
  overview = seen;
  isFirst = true;
  document.body.dataset.view = 'app';
  $('side').hidden = false;
  $('who').replaceChildren(`App ${seen.app}`, make('br'), `Fanfare ${seen.version}`);
  stopNavigation = showNavigation(seen);
  route();
}

export function hideShell() {
  closeDialogs();
  leavePage();
  stopNavigation();
  leavePage = stopNavigation = () => {};
  overview = null;
  document.body.dataset.view = 'login';
  $('side').hidden = true;
}

export const isOpen = () => overview !== null;

/** Leads to a page, as a link does. */
export function navigate(hash) {
  location.hash = hash;
}

function route() {
  if (!overview) return;
  const { page, params, query, isHome } = routeOf(location.hash);
  const home = homeOf(overview);
  if (isHome && home) return history.replaceState(null, '', hashOf([home.name])), route();
  closeDialogs();
  leavePage();
  leavePage = page && maySee(page, overview) ? open(page, params, query) : refuse(page);
  markCurrent(page);
  closeMenu();
  scrollTo(0, 0);
  // The first page is where the reader begins anyway; afterwards focus follows to what is new.
  if (!isFirst) $('page-title').focus({ preventScroll: true });
  isFirst = false;
}

function open(page, params, query) {
  const main = freshMain(page.name);
  const status = createStatus();
  const head = createHead(page.title, status.element);
  main.append(head.element);
  const stops = [];
  const ready = () => (main.dataset.ready = 'true');
  const context = {
    get overview() {
      return overview;
    },
    params, query, call, navigate, announce, ready,
    title: head.title,
    note: head.note,
    tools: head.tools,
    /** `onSnapshot(data, event)` and `onProblem(answer)`; answers how to stop. */
    watch(path, onSnapshot, onProblem = () => {}) {
      const place = status.place();
      const stop = watch(path, {
        onEvent: (data, event) => (onSnapshot(data, event), ready()),
        onProblem: (answer) => (onProblem(answer), ready()),
        onState: place.tell,
      });
      const stopAll = () => (stop(), place.forget());
      stops.push(stopAll);
      return stopAll;
    },
    /** Asks now and then, for what changes seldom; `onAnswer(answer)`. */
    askAgain: (question, seconds, onAnswer) => stops.push(askAgain(question, seconds, onAnswer)),
    /** Writes the page's choices into its URL, so that a reload and a link keep them. */
    remember(choices) {
      const parts = (page.path ?? page.name).split('/').map((part) => params[part.slice(1)] ?? part);
      history.replaceState(null, '', hashOf(parts, choices));
    },
  };
  const unmount = page.mount(main, context) ?? (() => {});
  overviewNow().then((now) => now && overview && (overview = now));
  return () => {
    stops.forEach((stop) => stop());
    status.stop();
    unmount();
  };
}

/** A page that is not there, or not for this key. */
function refuse(page) {
  const main = freshMain(page?.name ?? 'unknown');
  const head = createHead(page?.title ?? 'No such page');
  const why = page ? WHY_NOT[page.needs] : 'The address leads to nothing here.';
  const home = homeOf(overview);
  main.append(head.element, make('p', { className: 'problem', id: 'why-not' }, why),
    ...(home ? [make('p', {}, make('a', { href: hashOf([home.name]) }, `To ${home.title.toLowerCase()}`))] : []));
  main.dataset.ready = 'true';
  return () => {};
}

function createHead(title, status) {
  const heading = make('h1', { id: 'page-title', tabIndex: -1 });
  const note = make('p', { className: 'page-note quiet', hidden: true });
  const tools = make('div', { className: 'page-tools' });
  const element = make('div', { className: 'page-head' },
    make('div', { className: 'page-name' }, heading, note), tools, ...(status ? [status] : []));
  const name = (text, shown = text) => {
    heading.replaceChildren(shown);
    document.title = `${text} · Fanfare`;
  };
  name(title);
  return {
    element, tools, title: name,
    note(text) {
      if (note.textContent !== text) note.textContent = text;
      note.hidden = !text;
    },
  };
}

function markCurrent(page) {
  for (const link of document.querySelectorAll('#nav a')) {
    const isHere = page && (link.dataset.to === page.name || link.dataset.to === page.under);
    if (isHere) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}

function closeMenu() {
  $('menu').setAttribute('aria-expanded', 'false');
}

addEventListener('hashchange', () => location.hash.startsWith('#/') && route());
$('menu').addEventListener('click', () => {
  const isOpenNow = $('menu').getAttribute('aria-expanded') === 'true';
  $('menu').setAttribute('aria-expanded', String(!isOpenNow));
});
$('leave').addEventListener('click', () => {
  history.replaceState(null, '', location.pathname); // the next key may not see what this one saw
  end('You are logged out. The key is forgotten.');
});
$('skip').addEventListener('click', (event) => {
  event.preventDefault(); // the hash is the page's address
  $('main').focus();
});
onLooking(() => document.body.toggleAttribute('data-held', isHeld()));
