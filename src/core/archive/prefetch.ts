// Ordered prefetch: keeps a few items in flight ahead of the consumer.

/** Items prepared while one is in use. */
const DEPTH = 8;

/**
 * Calls `prepare` for each item and yields the results in the order of the items. Every result is passed to `discard`:
 * after the consumer is done with it, or unused when the loop is left or something fails. `items` is closed as well.
 * @param discard must not throw
 */
export async function* prefetch<Item, Result>(
  items: AsyncIterable<Item>,
  prepare: (item: Item) => Promise<Result>,
  discard: (result: Result) => Promise<void>,
): AsyncGenerator<Result, void, void> {
  const source = items[Symbol.asyncIterator]();
  const pending: Promise<Result>[] = [];
  let ended = false;
  try {
    while (true) {
      while (!ended && pending.length < DEPTH) {
        const { done, value } = await source.next();
        if (done) ended = true;
        else pending.push(deferRejection(prepare(value)));
      }
      const first = pending.shift();
      if (!first) return;
      const result = await first;
      try {
        yield result;
      } finally {
        await discard(result);
      }
    }
  } finally {
    await Promise.all(pending.map((promise) => promise.then(discard, () => {})));
    await source.return?.();
  }
}

/** Keeps a rejection from being reported as unhandled before the promise is awaited. */
function deferRejection<Result>(promise: Promise<Result>): Promise<Result> {
  promise.catch(() => {});
  return promise;
}
