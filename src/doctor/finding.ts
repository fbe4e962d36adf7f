// One finding of doctor: a value, a verdict, a reason and an advice.

/** `ok`: nothing to do. `warning`: works, but slower or less safely than it could. `problem`: something will not work. */
export type Verdict = "ok" | "warning" | "problem";

/** One line of the report. */
export interface Finding {
  /** A stable identifier for programs. */
  readonly check: string;
  readonly name: string;
  readonly verdict: Verdict;
  /** The measured value as text. */
  readonly value: string;
  /** The cause, or the consequence. */
  readonly reason?: string;
  /** The action to take. Every finding other than `ok` has this or `change`. */
  readonly advice?: string;
  /** The proxy settings to change: `nginx: …`, or those of several proxies separated by ` · `. */
  readonly change?: string;
  /** The measured values for programs: seconds, bytes, bytes per second, counts. */
  readonly figures?: Readonly<Record<string, number>>;
}

/** A heading and the findings below it. */
export interface Group {
  readonly title: string;
  readonly findings: readonly Finding[];
}

/** The complete report. `seconds` is the duration of the examination. */
export interface Report {
  readonly subject: { readonly root: string } | { readonly url: string };
  readonly seconds: number;
  readonly groups: readonly Group[];
  /** One paragraph that says what to do first. */
  readonly summary: string;
}

/** Reads a small system file such as one below `/proc`; returns undefined when it is missing or not readable. */
export type ReadText = (path: string) => string | undefined;

type Details = Pick<Finding, "reason" | "advice" | "change" | "figures">;

/** Returns constructors for the findings of one check: `about("open-files", "Open files")`. */
export function about(check: string, name: string) {
  const finding =
    (verdict: Verdict) =>
    (value: string, details: Details = {}): Finding => ({ check, name, verdict, value, ...details });
  return { ok: finding("ok"), warning: finding("warning"), problem: finding("problem") };
}

/** The most severe verdict among the findings. */
export function worst(findings: readonly Finding[]): Verdict {
  const verdicts = new Set(findings.map(({ verdict }) => verdict));
  return verdicts.has("problem") ? "problem" : verdicts.has("warning") ? "warning" : "ok";
}
