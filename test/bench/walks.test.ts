// The counts of bench/walks.ts for two small files: their steps, and the steps that change file.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { instrumentAll, RECORDER } from "../../bench/instrument.ts";
import { pairsOf, type Step, Trail, walkOf } from "../../bench/trail.ts";

const A = `
import { B, fails, numbers } from "./b.ts";
export async function calls(): Promise<number> {
  const b = new B(1);
  return b.twice() + b.size + (await b.later());
}
export async function catches(): Promise<string> {
  try { await fails(); return ""; } catch { return named(); }
}
export async function loops(): Promise<number[]> {
  const all: number[] = [];
  for await (const number of numbers()) all.push(add(number));
  return all;
}
const named = () => "→ caught";
const add = (number: number) => number + 1;
`;
const B = `
class Base {}
export class B extends Base {
  constructor(readonly size_: number) { super(); }
  twice(): number { return this.size_ * 2; }
  get size(): number { return this.size_; }
  async later(): Promise<number> { await Bun.sleep(1); return 5; }
}
export async function fails(): Promise<void> { await Bun.sleep(1); throw new Error("no"); }
export async function* numbers() { yield 1; await Bun.sleep(1); yield 2; }
`;

const trail = new Trail();
let folder: string;
let a: Record<"calls" | "catches" | "loops", () => Promise<unknown>>;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "sluice-test-")));
  const files = [join(folder, "a.ts"), join(folder, "b.ts")] as const;
  await Promise.all([Bun.write(files[0], A), Bun.write(files[1], B)]);
  const rewritten = await instrumentAll(files, (file) => basename(file));
  for (const [file, text] of rewritten) await Bun.write(file, text);
  Object.assign(globalThis, { [RECORDER]: trail });
  a = await import(files[0]);
});

afterAll(async () => {
  Reflect.deleteProperty(globalThis, RECORDER);
  await rm(folder, { recursive: true, force: true });
});

async function stepsOf(run: () => Promise<unknown>): Promise<{ steps: Step[]; result: unknown }> {
  const steps: Step[] = [];
  const result = await trail.follow(steps, run);
  return { steps, result };
}

const shown = (steps: Step[]) => steps.map(({ how, name }) => `${how} ${name.replace(/:\d+$/, "")}`);

test("calls, reads of getters, returns and resumed functions are steps", async () => {
  const { steps, result } = await stepsOf(a.calls);
  expect(result).toBe(8);
  expect(shown(steps)).toEqual([
    "call calls",
    "call B.constructor",
    "return calls",
    "call B.twice",
    "return calls",
    "access B.size",
    "return calls",
    "call B.later",
    "return calls",
    "resume B.later",
    "resume calls",
  ]);
  expect(walkOf(steps)).toEqual({ files: 2, changes: 1, withAccessors: 1, withReturns: 10 });
  expect(pairsOf(steps)).toEqual([["a.ts ↔ b.ts", 10]]);
});

test("a function whose await was rejected resumes in its catch block", async () => {
  const { steps, result } = await stepsOf(a.catches);
  expect(result).toBe("→ caught");
  expect(shown(steps).slice(-3)).toEqual(["resume catches", "call named", "return catches"]);
  expect(walkOf(steps)).toMatchObject({ files: 2, changes: 2 });
});

test("a for await loop suspends and resumes for every value", async () => {
  const { steps, result } = await stepsOf(a.loops);
  expect(result).toEqual([2, 3]);
  expect(shown(steps).filter((step) => step === "call add")).toHaveLength(2);
  expect(shown(steps).at(-1)).toBe("resume loops");
  expect(walkOf(steps).withReturns).toBeGreaterThan(4);
});

test("calls outside of a request are not recorded", async () => {
  const { steps } = await stepsOf(async () => {});
  await a.calls();
  expect(steps).toEqual([]);
});
