/** The SDK as every part of the page uses it, and what it keeps about this browser. */

import Fanfare from '/sdk/fanfare.mjs';

export const CHANNEL = 'demo';

const SCOPE = '/demo';

export const fanfare = Fanfare.init({ worker: '/sdk/fanfare-sw.js', scope: SCOPE });

/** The SDK's record: `{id, secret, push_key, …}`. Ask only while subscribed: opening a database would create it. */
export function record() {
  return new Promise((resolve) => {
    const opening = indexedDB.open('fanfare');
    opening.onupgradeneeded = () => opening.transaction.abort(); // it was not there, and stays so
    opening.onerror = () => resolve(undefined);
    opening.onsuccess = () => {
      const db = opening.result;
      const reading = db.transaction('state').objectStore('state').get(new URL(SCOPE, location.href).href);
      reading.onsuccess = () => resolve(reading.result);
      reading.onerror = () => resolve(undefined);
      db.close(); // takes effect after the transaction
    };
  });
}
