// How a classic TypeScript page uses the SDK: by the global name that its script tag makes.

const push: Fanfare.Client = Fanfare.init({ server: 'https://push.example' });

document.querySelector('button')?.addEventListener('click', async () => {
  const state: Fanfare.State = await push.subscribe('news');
  const can: Fanfare.Support = Fanfare.support();
  console.log(state.channels.length, can);
});

push.on('message', ({ notification }: Fanfare.Message) => console.log(notification.title));

function explain(error: unknown): string {
  return error instanceof Fanfare.FanfareError ? error.code : 'unknown';
}

// @ts-expect-error there is no such call
push.subscribeAll(explain);
