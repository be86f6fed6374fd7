/** The pages, in the order of the navigation. Pages without a place there are reached from others. */

import { actor } from './pages/actor.js';
import { actors } from './pages/actors.js';
import { audit } from './pages/audit.js';
import { channels } from './pages/channels.js';
import { charts } from './pages/charts.js';
import { log } from './pages/log.js';
import { notification } from './pages/notification.js';
import { notifications } from './pages/notifications.js';
import { pushServices } from './pages/push-services.js';
import { subscriptions } from './pages/subscriptions.js';
import { system } from './pages/system.js';
import { tree } from './pages/tree.js';
import { warnings } from './pages/warnings.js';

export const GROUPS = [
  { title: 'Instance', pages: [tree, actors, system, charts] },
  { title: 'Delivery', pages: [pushServices, channels, subscriptions, notifications] },
  { title: 'Trouble', pages: [warnings, log, audit] },
];

const ELSEWHERE = [actor, notification];

export const PAGES = [...GROUPS.flatMap(({ pages }) => pages), ...ELSEWHERE];

const NEEDS = {
  instance: ({ instance }) => instance,
  charts: ({ charts }) => charts,
  read: () => true,
};

/** Why a key may not see a page. */
export const WHY_NOT = {
  instance: 'This page shows the whole instance. It needs a key of the app “default” with the scope admin.',
  charts: 'The charts are of all apps together. They need a key of the app “default” with the scope read.',
};

export const maySee = (page, overview) => NEEDS[page.needs](overview);

/** Where the dashboard begins, for who sees this much. */
export const homeOf = (overview) => PAGES.find((page) => maySee(page, overview));
