/** What the system page says of the process, the store and the journal, and when that is bad. */

import { drawTime } from '../cells.js';
import { age, bytes, duration, number, rate, share } from '../figures.js';

const NEARLY_FULL = 0.85; // as the meters have it

const ofMemory = ({ process, machine }) => (machine.memory_bytes ? process.resident_bytes / machine.memory_bytes : null);

export const FIGURES = [
  ['Up for', 'uptime_seconds', ({ uptime_seconds: seconds }) => age(seconds), ({ process }) => `process ${process.pid}`],
  ['Processor', 'process.cpu', ({ process }) => share(process.cpu), ({ machine }) => `of one core, of ${number(machine.cores)}`],
  ['Memory', 'process.resident_bytes', ({ process }) => bytes(process.resident_bytes),
    (now) => (ofMemory(now) === null ? '' : `${share(ofMemory(now))} of ${bytes(now.machine.memory_bytes)}`)],
  ['Fullest limit', 'limits.highest', ({ limits }) => share(highest(limits)?.share),
    ({ limits }) => highest(limits)?.name ?? '', ({ limits }) => highest(limits)?.share > NEARLY_FULL],
  ['Commit, 99 of 100', 'journal.commit.p99_seconds', ({ journal }) => duration(journal.commit.p99_seconds),
    ({ journal }) => `longest ${duration(journal.commit.max_seconds)}`],
  ['Store', 'store.database_bytes', ({ store }) => bytes(store.database_bytes),
    ({ store }) => (store.writable ? `${bytes(store.free_bytes)} free` : 'cannot be written'), ({ store }) => !store.writable],
];

const highest = (limits) => limits.reduce((most, one) => (one.share > (most?.share ?? -1) ? one : most), null);

export const PROCESS = [
  ['Started', 'started', { draw: (place, { started }) => drawTime(place, started) }],
  ['Processor time', 'process.cpu_seconds', ({ process }) => duration(process.cpu_seconds)],
  ['Threads', 'process.threads', ({ process }) => number(process.threads)],
  ['Resident memory', 'process.resident_bytes', ({ process }) => bytes(process.resident_bytes)],
  ['Virtual memory', 'process.virtual_bytes', ({ process }) => bytes(process.virtual_bytes)],
  ['Cores', 'machine.cores', ({ machine }) => number(machine.cores)],
  ['The machine’s memory', 'machine.memory_bytes', ({ machine }) => bytes(machine.memory_bytes)],
];

export const STORE = [
  ['Kind', 'store.kind', ({ store }) => store.kind ?? '–'],
  ['Database', 'store.database_bytes', ({ store }) => bytes(store.database_bytes)],
  ['Write-ahead log', 'store.wal_bytes', ({ store }) => bytes(store.wal_bytes)],
  ['Free on its disk', 'store.free_bytes', ({ store }) => bytes(store.free_bytes)],
  ['Can be written', 'store.writable', ({ store }) => (store.writable ? 'yes' : 'no'), ({ store }) => !store.writable],
];

export const JOURNAL = [
  ['Batches', 'journal.batches', ({ journal }) => number(journal.batches)],
  ['Commands', 'journal.commands', ({ journal }) => number(journal.commands)],
  ['Commands in a batch', 'journal.mean_batch', ({ journal }) => `${rate(journal.mean_batch)} on average, last ${number(journal.last_batch)}`],
  ['Changes waiting', 'journal.waiting.changes', ({ journal }) => number(journal.waiting.changes)],
  ['Settlements waiting', 'journal.waiting.settlements', ({ journal }) => number(journal.waiting.settlements)],
  ['Reports waiting', 'journal.waiting.reports', ({ journal }) => number(journal.waiting.reports)],
  ['Commits lately', 'journal.commit.count', ({ journal }) => number(journal.commit.count)],
  ['Half within', 'journal.commit.p50_seconds', ({ journal }) => duration(journal.commit.p50_seconds)],
  ['99 of 100 within', 'journal.commit.p99_seconds', ({ journal }) => duration(journal.commit.p99_seconds)],
  ['Longest', 'journal.commit.max_seconds', ({ journal }) => duration(journal.commit.max_seconds)],
  ['Failed commits', 'journal.failed_commits', ({ journal }) => number(journal.failed_commits), ({ journal }) => journal.failed_commits > 0],
];

export const HTTP = [
  ['Requests under way', 'http.requests_under_way', ({ http }) => number(http.requests_under_way)],
  ['Connections', 'http.connections', ({ http }) => number(http.connections)],
];
