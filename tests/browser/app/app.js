// The page of an integrator's app, which keeps what it hears for the test to ask.
window.heard = { messages: [], changes: 0, violations: [] };
document.addEventListener('securitypolicyviolation', ({ blockedURI }) => window.heard.violations.push(blockedURI));

window.push = Fanfare.init({ server: document.documentElement.dataset.server });
window.push.on('message', (message) => window.heard.messages.push(message));
window.push.on('change', () => { window.heard.changes += 1; });

document.querySelector('#subscribe').onclick = () => {
  const tokenProvider = (channel) => fetch(`/push-token?channel=${encodeURIComponent(channel)}`).then((r) => r.text());
  window.outcome = window.push.subscribe(window.wanted, { tokenProvider });
};
