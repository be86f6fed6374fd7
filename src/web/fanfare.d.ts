/**
 * Types of Fanfare's SDK: of `/sdk/fanfare.js`, whose script tag makes the global name `Fanfare`, and of the module
 * `/sdk/fanfare.mjs`. Keep this file beside your sources. A module that imports the SDK from its address needs, in
 * tsconfig.json, `"paths": { "https://push.example.com/sdk/fanfare.mjs": ["./fanfare.d.ts"] }`; one that uses the
 * script tag's name, `"allowUmdGlobalAccess": true`.
 */

export type Support =
  | 'supported'
  | 'unsupported'
  | 'denied'
  /** Not https, nor localhost. */
  | 'insecure-context'
  /** iPhone and iPad offer Web Push to pages on the Home Screen alone. */
  | 'ios-needs-install';

export interface Options {
  /** Where Fanfare is reached, with the path under which a proxy has put it; the page's own origin by default. */
  server?: string;
  /** The app; `default` by default. */
  app?: string;
  /** The worker's script, of the page's own origin; `/fanfare-sw.js` by default. */
  worker?: string;
  /** `module` for a worker that is an ES module (`import 'https://…/sdk/fanfare-sw.js'`); `classic` by default. */
  workerType?: 'classic' | 'module';
  /** The worker's scope; the script's folder by default. One scope holds one subscription. */
  scope?: string;
}

export interface Credentials {
  /** A subscriber token; public channels need none. */
  token?: string;
  /** Asked for a token when there is none: typically a request to your own backend. */
  tokenProvider?: (channel: string) => string | Promise<string>;
}

export interface State {
  support: Support;
  permission: NotificationPermission;
  subscribed: boolean;
  /** The subscription's name, `sub_…`; it opens nothing. */
  id: string | null;
  channels: string[];
  /** The host of the browser's push service. */
  pushService: string | null;
}

/** What arrived, as the worker relays it to every open page: once per notification. */
export interface Message<Data = unknown> {
  id?: string;
  channel?: string;
  /** `(epoch, seq)` never repeats in a channel; a higher `seq` of the same epoch is newer. */
  epoch?: string;
  seq?: number;
  /** Shared by the notifications of one call to several channels. */
  group?: string;
  /** The publisher's `data`. */
  data?: Data;
  /** The badge that the publisher asked for. */
  app_badge?: number;
  /** What was shown. */
  notification: {
    title: string; body?: string; navigate?: string; tag?: string; data?: unknown; [option: string]: unknown;
  };
  /** The payload's text, where it is not a notification that the worker understands. */
  raw?: string;
}

/**
 * Every rejection that is expected. `code` is a `Support`, or one of `dismissed`, `push-service-unreachable`,
 * `server-unreachable` (also: it does not list the page's origin, of which a browser tells no more),
 * `storage-unavailable` (blocked, or a private window's), `worker-failed`, `not-subscribed`, `secret-lost`,
 * `foreign-push-key`; where the server refused, the last part of its problem's `type` (or `http-<status>`), with
 * `status`. What your `tokenProvider` throws comes as it is.
 */
export class FanfareError extends Error {
  readonly code: string;
  readonly status?: number;
}

export interface Client {
  support(): Support;
  /** Puts this browser into a channel. Call it in a user gesture: the browser may ask for permission. */
  subscribe(channel: string, credentials?: Credentials): Promise<State>;
  /**
   * Leaves the channel. Without one: is forgotten by the server, and unsubscribed in the browser. A `subscribe` that
   * still waits for permission or a token comes after it.
   */
  unsubscribe(channel?: string): Promise<State>;
  /** Asks the server for a push to this browser alone; at most one a second. */
  test(): Promise<void>;
  /** What is known here, without asking the server. */
  state(): Promise<State>;
  /** Returns a function that stops listening. `change`: the state is another, also by another tab or the worker. */
  on<Data = unknown>(event: 'message', listener: (message: Message<Data>) => void): () => void;
  on(event: 'change', listener: () => void): () => void;
}

/** Starts the SDK; renews, at most once a day, what this browser had subscribed to. */
export function init(options?: Options): Client;
export function support(): Support;

declare const Fanfare: { init: typeof init; support: typeof support; FanfareError: typeof FanfareError };
export default Fanfare;
export as namespace Fanfare;
