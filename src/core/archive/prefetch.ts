// Ordered prefetch: keeps a few items in flight ahead of the consumer.

/** How many are made while one is in use. */
const AHEAD = 8;

/**
 * Yields what `make` makes of each item, in the order of the items. Each is given to `discard` when its turn is over, or
 * when there will be none because the loop was left or something failed; it ends `items` too then.
 * @param discard must not throw
 */
export async function* prefetch<Item, Made>(
  items: AsyncIterable<Item>,
  make: (item: Item) => Promise<Made>,
  discard: (made: Made) => Promise<void>,
): AsyncGenerator<Made, void, void> {
  const source = items[Symbol.asyncIterator]();
  const waiting: Promise<Made>[] = [];
  let ended = false;
  try {
    while (true) {
      while (!ended && waiting.length < AHEAD) {
        const { done, value } = await source.next();
        if (done) ended = true;
        else waiting.push(made(make(value)));
      }
      const first = waiting.shift();
      if (!first) return;
      const next = await first;
      try {
        yield next;
      } finally {
        await discard(next);
      }
    }
  } finally {
    await Promise.all(waiting.map((promise) => promise.then(discard, () => {})));
    await source.return?.();
  }
}

/** A failure is heard of when its turn comes. */
function made<Made>(promise: Promise<Made>): Promise<Made> {
  promise.catch(() => {});
  return promise;
}
