// What a person does in Firefox's settings.

/**
 * Forgets what sites have left: workers, storage, push subscriptions, cookies, and what servers allowed to whom. The
 * workers first: one that lived would subscribe again when it is told that its subscription is gone.
 */
export async function forgetSites(firefox) {
  await firefox.evaluateInChrome(`
    const service = Ci.nsIClearDataService;
    const forget = (flags) => new Promise((resolve, reject) => Services.clearData.deleteData(flags, { onDataDeleted:
      (failed) => failed ? reject(new Error('not forgotten: ' + failed)) : resolve() }));
    await forget(service.CLEAR_DOM_QUOTA);
    await forget(service.CLEAR_DOM_PUSH_NOTIFICATIONS | service.CLEAR_COOKIES | service.CLEAR_PREFLIGHT_CACHE);`);
}

/** Whether Firefox holds its connection to the push service. */
export async function setPushConnection(firefox, wanted) {
  await firefox.evaluateInChrome(`Services.prefs.setBoolPref('dom.push.connection.enabled', args[0]);`, wanted);
}
