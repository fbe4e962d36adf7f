// What doctor found out about one thing: a value, whether it is well, why, and what to do.

/** `ok`: nothing to do. `warning`: it works, slower or with less safety than it could. `problem`: something will not work. */
export type Verdict = "ok" | "warning" | "problem";

/** One line of the report. */
export interface Finding {
  /** A stable name, for programs. */
  readonly check: string;
  readonly name: string;
  readonly verdict: Verdict;
  /** What was measured, for people. */
  readonly value: string;
  /** Why that is so, or what it means. */
  readonly reason?: string;
  /** What to do. Every finding that is not `ok` has this, or `change`. */
  readonly advice?: string;
  /** The lines of a proxy's configuration to change: `nginx: …`, or those of several with ` · ` between. */
  readonly change?: string;
  /** What was measured, for programs: seconds, bytes, bytes per second, counts. */
  readonly figures?: Readonly<Record<string, number>>;
}

/** Findings about one subject, under a heading. */
export interface Group {
  readonly title: string;
  readonly findings: readonly Finding[];
}

/** All that was found. `seconds` is how long the examination took. */
export interface Report {
  readonly subject: { readonly root: string } | { readonly url: string };
  readonly seconds: number;
  readonly groups: readonly Group[];
  /** One paragraph a person can act on. */
  readonly summary: string;
}

/** Reads a small file of the system, such as one of `/proc`; undefined when there is none, or it may not be read. */
export type ReadText = (path: string) => string | undefined;

type Details = Pick<Finding, "reason" | "advice" | "change" | "figures">;

/** Makes the findings of one check: `about("open-files", "Open files")`. */
export function about(check: string, name: string) {
  const finding =
    (verdict: Verdict) =>
    (value: string, details: Details = {}): Finding => ({ check, name, verdict, value, ...details });
  return { ok: finding("ok"), warning: finding("warning"), problem: finding("problem") };
}

/** The worst verdict of all findings. */
export function worst(findings: readonly Finding[]): Verdict {
  const verdicts = new Set(findings.map(({ verdict }) => verdict));
  return verdicts.has("problem") ? "problem" : verdicts.has("warning") ? "warning" : "ok";
}
