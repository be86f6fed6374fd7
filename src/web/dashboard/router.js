/** Which page the URL's hash means: `#/actors/ID?sort=busy` → `{ page, params: { id }, query }`. */

import { PAGES } from './pages.js';

export function routeOf(hash) {
  const [path, search = ''] = hash.replace(/^#\/?/, '').split('?');
  const parts = path.split('/').filter(Boolean).map(decoded);
  const query = Object.fromEntries(new URLSearchParams(search));
  for (const page of PAGES) {
    const params = match((page.path ?? page.name).split('/'), parts);
    if (params) return { page, params, query };
  }
  return { page: null, params: {}, query, isHome: parts.length === 0 };
}

function match(wanted, parts) {
  if (wanted.length !== parts.length) return null;
  const params = {};
  for (const [at, want] of wanted.entries()) {
    if (want.startsWith(':')) params[want.slice(1)] = parts[at];
    else if (want !== parts[at]) return null;
  }
  return params;
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** A hash for these parts; empty values of the query are left out. */
export function hashOf(parts, query = {}) {
  const filled = Object.entries(query).filter(([, value]) => value !== '' && value !== null && value !== undefined);
  const search = new URLSearchParams(filled).toString();
  return `#/${parts.map(encodeURIComponent).join('/')}${search ? `?${search}` : ''}`;
}
