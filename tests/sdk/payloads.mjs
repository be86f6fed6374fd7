/** Payloads as the daemon makes them. */

export function declared({ notification = {}, ...more } = {}, fanfare = {}) {
  const { data = {}, ...options } = notification;
  const own = { id: 'ntf_1', channel: 'news', epoch: 'e', seq: 1, ...fanfare };
  return {
    web_push: 8030,
    mutable: true,
    notification: {
      title: 'Tea', body: 'is ready', navigate: 'https://app.example/tea', tag: own.id, mutable: true, ...options,
      data: { ...data, fanfare: own },
    },
    ...more,
  };
}
