// What a page must not do: log errors, throw, or break its policy.

/** Runs before a page's own scripts: a broken policy becomes an error of the console. */
export const WATCHED = `
  addEventListener('securitypolicyviolation', (event) =>
    console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI));`;

/**
 * What nobody asked for of what was complained about, and what was asked for and not heard. `askedFor`: what the browser logs
 * by itself, and how often, as `[pattern, times]`; a page's own word is never asked for.
 */
export function judged(complaints, askedFor) {
  const unheard = askedFor.flatMap(([pattern, times]) => Array(times).fill(pattern));
  const surprises = complaints.filter(({ kind, text }) => {
    const at = kind === 'console' ? -1 : unheard.findIndex((pattern) => pattern.test(text));
    return at < 0 || !unheard.splice(at, 1);
  });
  return { surprises, unheard };
}

/** `{ kind, text, url }`, where the event is a complaint. */
export function complaintOf(method, params) {
  switch (method) {
    case 'Runtime.exceptionThrown': {
      const { exception, text, url } = params.exceptionDetails;
      return { kind: 'exception', text: exception?.description ?? text, url };
    }
    case 'Runtime.consoleAPICalled': {
      if (!['error', 'warning', 'assert'].includes(params.type)) return null;
      return { kind: 'console', text: params.args.map(({ value, description }) => value ?? description).join(' ') };
    }
    case 'Log.entryAdded': {
      const { level, source, text, url } = params.entry;
      return ['error', 'warning'].includes(level) ? { kind: source, text, url } : null;
    }
    default:
      return null;
  }
}
