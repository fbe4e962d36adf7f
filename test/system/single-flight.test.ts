// SingleFlight: which callers share a run, how many run concurrently, and when a run is dropped or aborted.

import { expect, test } from "bun:test";
import { type FlightOptions, SingleFlight } from "../../src/system/single-flight.ts";
import { until } from "../support/server.ts";

/** Runs that a test completes, and a list of those that have begun. */
function desk(concurrency: number) {
  const shared = new SingleFlight<string>({ concurrency });
  const begun: PromiseWithResolvers<string>[] = [];
  const names: string[] = [];
  return {
    names,
    /** The n-th run, as soon as it has begun. */
    async begun(index: number) {
      await until(`${index} is begun`, () => begun.length > index);
      return begun[index];
    },
    ask: (question: string, asking?: FlightOptions) =>
      shared.run(
        question,
        () => {
          const answer = Promise.withResolvers<string>();
          names.push(question);
          begun.push(answer);
          return answer.promise;
        },
        asking,
      ),
  };
}

test("callers share a queued run but not a running one, which could return outdated data", async () => {
  const { ask, begun, names } = desk(1);
  const answers = ["a", "a", "a"].map((question) => ask(question));
  expect(names).toEqual(["a"]);
  (await begun(0))?.resolve("before");
  expect(await answers[0]).toBe("before");
  (await begun(1))?.resolve("after");
  expect(await Promise.all(answers)).toEqual(["before", "after", "after"]);
  expect(names).toEqual(["a", "a"]);
});

test("a limited number of runs are concurrent, in the order of the calls", async () => {
  const { ask, begun, names } = desk(2);
  const answers = ["a", "b", "c", "d", "c"].map((question) => ask(question));
  expect(names).toEqual(["a", "b"]);
  (await begun(1))?.resolve("B");
  await begun(2);
  expect(names).toEqual(["a", "b", "c"]);
  for (const [index, answer] of ["A", "B", "C"].entries()) (await begun(index))?.resolve(answer);
  await answers[2];
  (await begun(3))?.resolve("D");
  expect(await Promise.all(answers)).toEqual(["A", "B", "C", "D", "C"]);
});

test("all callers of a failed run get its error, and the next run starts", async () => {
  const { ask, begun } = desk(1);
  const answers = ["a", "b", "b", "c"].map((question) => ask(question));
  (await begun(0))?.resolve("A");
  await answers[0];
  (await begun(1))?.reject(new Error("broken"));
  const ends = await Promise.allSettled(answers.slice(1, 3));
  expect(ends.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  (await begun(2))?.resolve("C");
  expect(await answers[3]).toBe("C");
});

test("a queued run without callers is not started", async () => {
  const { ask, begun, names } = desk(1);
  const first = ask("a");
  const [left, stays] = [new AbortController(), new AbortController()];
  const given = ask("b", { signal: left.signal });
  const shared = [left, stays].map(({ signal }) => ask("c", { signal }));
  left.abort(new Error("gone"));
  await expect(given).rejects.toThrow("gone");
  (await begun(0))?.resolve("A");
  await first;
  (await begun(1))?.resolve("C");
  await expect(shared[0]).rejects.toThrow("gone");
  expect(await shared[1]).toBe("C");
  expect(names).toEqual(["a", "c"]);
  await expect(ask("d", { signal: left.signal })).rejects.toThrow("gone");
});

test("lanes take turns, so that a long queue does not block another lane", async () => {
  const { ask, begun, names } = desk(2);
  const answers = [
    ["a", "x"],
    ["b", "x"],
    ["c", "y"],
  ].map(([question = "", lane = ""]) => ask(question, { partition: lane }));
  expect(names).toEqual(["a", "c"]);
  (await begun(1))?.resolve("C");
  await answers[2];
  expect(names).toEqual(["a", "c"]);
  (await begun(0))?.resolve("A");
  (await begun(2))?.resolve("B");
  expect(await Promise.all(answers)).toEqual(["A", "B", "C"]);
});

test("a running run can be joined if that is allowed, and is aborted when its last caller goes away", async () => {
  const shared = new SingleFlight<string>({ joinRunning: true });
  const reasons: unknown[] = [];
  const work = (signal: AbortSignal): Promise<string> =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        reasons.push(signal.reason);
        reject(signal.reason);
      });
    });
  const [first, second] = [new AbortController(), new AbortController()];
  const runs = [first, second].map(({ signal }) => shared.run("a", work, { signal }));
  expect(shared.pending).toBe(1);
  first.abort("first left");
  await expect(runs[0]).rejects.toBe("first left");
  expect(reasons).toEqual([]);
  second.abort("second left");
  await expect(runs[1]).rejects.toBe("second left");
  expect(reasons).toEqual(["second left"]);
  expect(shared.pending).toBe(0);
});

test("a caller that goes away during a run that cannot be joined still gets its result", async () => {
  const { ask, begun } = desk(1);
  const left = new AbortController();
  const answer = ask("a", { signal: left.signal });
  const run = await begun(0);
  left.abort(new Error("gone"));
  run?.resolve("A");
  expect(await answer).toBe("A");
});
