/** The kinds of actors in words, and how an actor is called. */

export const KINDS = {
  Root: 'Root',
  ChannelSupervisor: 'Channel supervisor',
  ChannelWorker: 'Channel worker',
  SubscriptionSupervisor: 'Subscription supervisor',
  SubscriptionWorker: 'Subscription worker',
  Journal: 'Journal',
  Http: 'HTTP',
};

export const STATES = ['running', 'sweeping', 'resting', 'working', 'held', 'waiting', 'ending'];

export const kindOf = (kind) => KINDS[kind] ?? kind;

/** Journal and Http are parts of the process: shown in the tree, and no actors with a page. */
export const isActor = ({ kind }) => kind !== 'Journal' && kind !== 'Http';

export const actorHash = (id) => `#/actors/${encodeURIComponent(id)}`;
