/** The demo page: subscribe, send, watch, receive. Each part is a module of its own under demo/; this starts them. */

import { listArrivals } from './demo/arrivals.js';
import { startCommand } from './demo/command.js';
import { startForm } from './demo/form.js';
import { closeByEscape } from './demo/keys.js';
import { startSending } from './demo/send.js';
import { startSubscription } from './demo/subscription.js';

const form = startForm();
listArrivals();
closeByEscape();
startSubscription(form);
startCommand(form);
startSending(form);
