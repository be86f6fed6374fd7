// Every option of the form by its label, and what must be sent for it.

/** A moment some days ahead as `{ typed, iso }`; the browser of the test lives in UTC and writes as in the US. */
export function moment(days) {
  const date = new Date(Math.floor(Date.now() / 60_000) * 60_000 + days * 86_400_000);
  const two = (number) => String(number).padStart(2, '0');
  const [month, day, year] = [date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCFullYear()];
  const hour = date.getUTCHours();
  const time = `${two(hour % 12 || 12)}${two(date.getUTCMinutes())}${hour < 12 ? 'A' : 'P'}`;
  return { date: `${two(month)}${two(day)}${year}`, time, iso: date.toISOString(), millis: date.getTime() };
}

export function EVERY_OPTION(origin) {
  const [told, due] = [moment(-1), moment(2)];
  const url = (path) => `${origin}/${path}`;
  return {
    fields: [
      ['Title', 'Every option'], ['Text', "It's all here: “ß” $HOME `id` \\n"],
      ['A click opens', url('open')], ['Icon', url('icon')], ['Image', url('image')], ['Badge', url('badge')],
      ['Tag', 'all'], ['Alert again for the same tag', true], ['Stays until somebody acts', true],
      ['Vibrate', '200, 100 200'], ['Its time', told], ['Language', 'de-AT'], ['Direction', 'right to left'],
      ['Add a button', null], ['Name', 'kettle'], ['Label', 'Show'], ['Opens', url('kettle')],
      ['Data', '{"kettle": [1]}'], ['Number on the app’s icon', '3'], ['Wake the worker in Safari too', false],
      ['Worth delivering for', '600'], ['Urgency', 'high'], ['Topic', 'tea'], ['Send at', due],
      ['Idempotency-Key', "o'clock"],
    ],
    body: {
      notification: {
        title: 'Every option', body: "It's all here: “ß” $HOME `id` \\n", navigate: url('open'), icon: url('icon'),
        image: url('image'), badge: url('badge'), tag: 'all', renotify: true, requireInteraction: true,
        vibrate: [200, 100, 200], timestamp: told.millis, lang: 'de-AT', dir: 'rtl',
        actions: [{ action: 'kettle', title: 'Show', navigate: url('kettle') }],
      },
      data: { kettle: [1] }, app_badge: 3, mutable: false, ttl: 600, urgency: 'high', topic: 'tea', send_at: due.iso,
    },
  };
}

/** A selector of the field (or button) with that label, whose part of the form is opened for it. */
export function fieldOf(page, label) {
  return page.evaluate((wanted) => {
    const isWanted = (element) => element.textContent === wanted && !element.closest('[hidden]');
    const found = [...document.querySelectorAll('form label, form button')].filter(isWanted).at(-1);
    const field = found?.control ?? found;
    if (!field) throw new Error(`the form has no ${wanted}`);
    const group = field.closest('details');
    if (group) group.open = true;
    return `#${field.id}`;
  }, label);
}

/** As people do: the mouse goes there, the keyboard writes. */
export async function fill(page, label, value) {
  const field = await fieldOf(page, label);
  if (value?.date) {
    await page.evaluate((selector) => document.querySelector(selector).focus(), field); // on the month
    await page.type(value.date);
    await page.press('Tab');
    await page.type(value.time);
    return;
  }
  const isChoice = await page.evaluate((selector) => document.querySelector(selector).tagName === 'SELECT', field);
  if (!isChoice) await page.click(field);
  if (isChoice) await choose(page, field, value);
  else if (typeof value === 'string') await page.retype(value);
}

/** By the keyboard: the first letters of an option choose it. */
async function choose(page, field, value) {
  await page.evaluate((selector) => document.querySelector(selector).focus(), field);
  await page.type(value);
}
