// How a TypeScript page with modules uses the SDK: by import, from the address where it is served.

import Fanfare, { FanfareError, init, support } from 'https://push.example/sdk/fanfare.mjs';
import type { Client, Message, State, Support } from 'https://push.example/sdk/fanfare.mjs';

interface Article { article: number }

const client: Client = init({
  server: 'https://push.example', app: 'shop', worker: '/sw.js', workerType: 'module', scope: '/',
});
const same: Client = Fanfare.init();

export async function press(): Promise<State | Support | undefined> {
  const can: Support = support();
  if (can !== 'supported') return can;
  try {
    await client.subscribe('news');
    await client.subscribe('user:42', { token: 'jwt' });
    return await client.subscribe('team:7', { tokenProvider: async (channel: string) => `token for ${channel}` });
  } catch (error) {
    if (error instanceof FanfareError && error.status !== 403) console.log(error.code, error.message, error.cause);
    return undefined;
  }
}

export const stop: () => void = client.on<Article>('message', ({ id, data, notification, raw, app_badge }) => {
  console.log(id?.length, data?.article.toFixed(), notification.title, notification.body, raw, app_badge?.toFixed());
});
client.on('message', (message: Message) => {
  // @ts-expect-error what a publisher sends is not known without a word on its type
  message.data.article;
});
same.on('change', async () => {
  const { subscribed, id, channels, permission, pushService }: State = await same.state();
  console.log(subscribed && id, channels.join(), permission, pushService);
});

export async function leave(): Promise<boolean> {
  await client.test();
  await client.unsubscribe('news');
  return (await client.unsubscribe()).subscribed;
}

// @ts-expect-error there is no such event
client.on('mesage', () => {});
// @ts-expect-error nor such an option
init({ sever: 'https://push.example' });
// @ts-expect-error nor such a type of worker
init({ workerType: 'shared' });
// @ts-expect-error a channel has a name
client.subscribe();
