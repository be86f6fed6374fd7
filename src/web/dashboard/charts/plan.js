/** Which charts there are, and which of the daemon's series are in which. */

import { PUSH_SERVICES } from '../push-services/names.js';

/** In the order of their colours, which are the same in every chart; what has no word here is shown under its own name. */
const OUTCOMES = {
  accepted: 'accepted', gone: 'gone', expired: 'expired', rejected: 'rejected', superseded: 'replaced',
  too_large: 'too large', unsubscribed: 'left before', cancelled: 'cancelled',
};
const QUANTILES = { '0.5': 'median', '0.99': '99th percentile' };
const KINDS = {
  ChannelWorker: 'channel workers', SubscriptionWorker: 'subscription workers', ChannelSupervisor: 'channel supervisor',
  SubscriptionSupervisor: 'subscription supervisors', Root: 'root', Journal: 'journal',
};

/**
 * `series`: of these names, each with a word. `by`: of one name, one for each value of that label. `stacked`: on top of
 * each other, so that the edge is the sum. `log`: each line of the grid is ten times the last.
 */
export const CHARTS = [
  { id: 'accepts', title: 'Notifications accepted', about: 'each second', unit: 'rate', filled: true,
    series: { accepts_per_second: 'accepted' } },
  { id: 'pending', title: 'Pending deliveries', about: 'without an outcome yet', unit: 'count', filled: true,
    series: { pending: 'pending' } },
  { id: 'outcomes', title: 'Deliveries by outcome', about: 'that workers settled, each second', unit: 'rate', stacked: true,
    by: ['deliveries_per_second', 'outcome', OUTCOMES] },
  { id: 'services', title: 'Deliveries by push service', about: 'that workers settled, each second', unit: 'rate', stacked: true,
    by: ['deliveries_per_second', 'push_service', PUSH_SERVICES] },
  { id: 'delivery', title: 'Delivery time', about: 'from accept to accepted', unit: 'seconds', log: true,
    by: ['delivery_seconds', 'quantile', QUANTILES] },
  { id: 'push-requests', title: 'Push services’ time to answer', about: 'each request', unit: 'seconds', log: true,
    by: ['push_request_seconds', 'quantile', QUANTILES] },
  { id: 'mailboxes', title: 'Messages in mailboxes', about: 'waiting', unit: 'count', by: ['mailbox', 'kind', KINDS] },
  { id: 'actors', title: 'Actors', about: 'alive', unit: 'count', by: ['actors', 'kind', KINDS] },
  { id: 'requests', title: 'Requests to push services', about: 'each second', unit: 'rate',
    series: { requests_per_second: 'requests', retries_per_second: 'retries' } },
  { id: 'http', title: 'Requests to this API', about: 'each second', unit: 'rate', filled: true,
    series: { http_requests_per_second: 'requests' } },
  { id: 'memory', title: 'Memory', about: 'resident', unit: 'bytes', filled: true, series: { resident_bytes: 'resident' } },
  { id: 'cpu', title: 'Processor', about: 'of one core', unit: 'share', filled: true, series: { cpu: 'used' } },
  { id: 'commits', title: 'The journal’s commits', about: 'how long', unit: 'seconds', log: true,
    by: ['journal_commit_seconds', 'quantile', QUANTILES] },
  { id: 'subscriptions', title: 'Subscriptions', about: 'stored', unit: 'count', filled: true,
    series: { subscriptions: 'subscriptions' } },
];

/** The chart's lines among these series, in the chart's order: `{ label, colour, values }`. */
export function linesOf(chart, series) {
  return found(chart, series).map(({ label, values }, colour) => ({ label, colour, values }));
}

function found({ series: wanted, by }, series) {
  if (wanted) {
    return Object.entries(wanted).flatMap(([name, label]) =>
      series.filter((one) => one.name === name).map(({ values }) => ({ label, values })));
  }
  const [name, label, words] = by;
  const order = Object.keys(words);
  const place = (one) => (order.indexOf(one.labels[label]) + order.length + 1) % (order.length + 1); // unknown ones last
  return series.filter((one) => one.name === name && one.labels?.[label] !== undefined)
    .sort((one, other) => place(one) - place(other))
    .map((one) => ({ label: words[one.labels[label]] ?? one.labels[label], values: one.values }));
}
