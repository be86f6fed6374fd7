// A page that lists a Kinto collection, and lists it anew when Fanfare tells of a change. Who it is for is in its hash.

const COLLECTION = '/buckets/blog/collections/articles';
const show = (id, text) => { document.getElementById(id).textContent = text; };

async function main() {
  const config = await (await fetch('/config.json')).json();
  const authorization = decodeURIComponent(location.hash.slice(1));
  const push = Fanfare.init({ server: config.fanfare, app: config.app });
  let told = 0;

  async function kinto(method, path, body, headers = {}) {
    const response = await fetch(`${config.kinto}/v1${path}`, {
      method, body: body && JSON.stringify(body),
      headers: { Authorization: authorization, ...(body && { 'Content-Type': 'application/json' }), ...headers },
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.message);
    return answer;
  }

  async function list() {
    const { data } = await kinto('GET', `${COLLECTION}/records?_sort=last_modified`);
    document.getElementById('articles').replaceChildren(...data.map(({ title }) => {
      const item = document.createElement('li');
      item.textContent = title;
      return item;
    }));
  }

  const tokenProvider = async () => (await kinto('POST', '/fanfare/token', { resources: [COLLECTION] })).token;
  const onClick = (id, work) => {
    document.getElementById(id).onclick = () => work().catch((error) => show('problem', error.message));
  };

  onClick('subscribe', async () => {
    await push.subscribe('blog/articles', { tokenProvider });
    show('status', 'Subscribed');
  });
  onClick('write', async () => {
    const { id } = await push.state();
    await kinto('POST', `${COLLECTION}/records`, { data: { title: 'By this page' } }, { 'Fanfare-Subscription': id });
    await list();
  });
  push.on('message', ({ data }) => {
    if (!data?.kinto) return;
    told += 1;
    list().then(() => show('told', told), (error) => show('problem', error.message));
  });
  document.body.dataset.ready = 'yes';
}

main().catch((error) => show('problem', error.message));
