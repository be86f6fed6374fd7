// Waiting with a limit: everything that waits says what for, and for how long at most.

const POLL_MS = 50;

/** Settles as `promise` does, or fails after the limit, saying what was waited for. */
export async function within(seconds, what, promise) {
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${seconds} s for ${what}`)), seconds * 1000);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks again until the answer is truthy, for things that send no event; tells the last answer or error. */
export async function until(seconds, what, ask) {
  const end = Date.now() + seconds * 1000;
  let last;
  while (Date.now() < end) {
    try {
      const answer = await ask();
      if (answer) return answer;
      last = answer;
    } catch (error) {
      last = error.message;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`waited ${seconds} s for ${what}; last: ${JSON.stringify(last)}`);
}
