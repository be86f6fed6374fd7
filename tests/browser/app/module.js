// The same page, with the SDK as a module.
import Fanfare, { init } from '{server}/sdk/fanfare.mjs';

window.sameThing = init === Fanfare.init;
window.Fanfare = Fanfare;
await import('/app.js');
