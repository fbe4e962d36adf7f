// Instruments TypeScript so that every function records when it starts, suspends, resumes and returns, for `bench/walks.ts`.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ArrowFunction,
  type Block,
  isArrowFunction,
  isAwaitExpression,
  isBlock,
  isClassDeclaration,
  isClassExpression,
  isConstructorDeclaration,
  isForOfStatement,
  isFunctionDeclaration,
  isFunctionExpression,
  isGetAccessorDeclaration,
  isMethodDeclaration,
  isPropertyAssignment,
  isSetAccessorDeclaration,
  isTryStatement,
  isVariableDeclaration,
  isYieldExpression,
  type Node,
  type SourceFile,
} from "typescript/unstable/ast";
import { API } from "typescript/unstable/async";

/** The property of `globalThis` that instrumented code calls; it has the methods of a `Trail`. */
export const RECORDER = "__walk";
/** Name of the variable that holds a function's frame in the instrumented code. */
const FRAME = "__frame";

/** Insertions into a source text. Insertions at the same position keep the order in which they were added. */
class Edits {
  readonly #at = new Map<number, { closing: string; opening: string }>();

  open(position: number, text: string): void {
    this.#of(position).opening += text;
  }

  /** At one position, closing text precedes opening text, and inner closings precede outer ones. */
  close(position: number, text: string): void {
    const edits = this.#of(position);
    edits.closing = text + edits.closing;
  }

  apply(text: string): string {
    let result = "";
    let from = 0;
    for (const position of [...this.#at.keys()].sort((a, b) => a - b)) {
      const { closing = "", opening = "" } = this.#at.get(position) ?? {};
      result += text.slice(from, position) + closing + opening;
      from = position;
    }
    return result + text.slice(from);
  }

  #of(position: number): { closing: string; opening: string } {
    const found = this.#at.get(position) ?? { closing: "", opening: "" };
    this.#at.set(position, found);
    return found;
  }
}

/**
 * Rewrites files, by their absolute paths. TypeScript 7 calls its API unstable, so this fits the pinned version only; and
 * the synchronous one does not run on Bun.
 * @param nameOf returns the name of a file in the records
 */
export async function instrumentAll(files: readonly string[], nameOf: (file: string) => string) {
  // A separate project without libraries or types, because only the syntax is needed.
  const folder = await mkdtemp(join(tmpdir(), "sluice-walks-"));
  const project = join(folder, "tsconfig.json");
  const compilerOptions = {
    noLib: true,
    noResolve: true,
    types: [],
    allowImportingTsExtensions: true,
    noEmit: true,
  };
  await Bun.write(project, JSON.stringify({ compilerOptions, files }));
  const api = new API({ cwd: folder });
  try {
    const snapshot = await api.updateSnapshot({ openProjects: [project] });
    const program = snapshot.getProjects()[0]?.program;
    const rewritten = new Map<string, string>();
    for (const file of files) {
      const source = await program?.getSourceFile(file);
      if (!source) throw new Error(`${file} was not parsed.`);
      rewritten.set(file, instrument(source, nameOf(file)));
    }
    return rewritten;
  } finally {
    await api.close();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Body {
  body: Block | ArrowFunction["body"];
  name: string;
  /** A getter or setter. */
  accessor: boolean;
  /** The constructor of a class that extends another. */
  derived: boolean;
}

function instrument(source: SourceFile, file: string): string {
  const edits = new Edits();
  const start = (node: Node): number => node.getStart(source);

  const visit = (node: Node, inside: boolean, owner: string, derived: boolean): void => {
    const body = bodyOf(node, owner, derived, source);
    if (body) wrap(body);
    else if (inside) wrapSuspension(node);
    const isClass = isClassDeclaration(node) || isClassExpression(node);
    const ofClass = isClass ? (node.name?.text ?? owner) : owner;
    const extending = isClass
      ? (node.heritageClauses?.some((clause) => source.text.slice(start(clause)).startsWith("extends")) ??
        false)
      : derived;
    node.forEachChild((child) => {
      // Default values of parameters run before the body, and so before the call is recorded.
      visit(child, body ? child === body.body : inside && !isClass, ofClass, extending);
      return undefined;
    });
  };

  const wrap = ({ body, name, accessor, derived }: Body): void => {
    const parameters = [file, name, accessor ? "access" : "call"]
      .map((text) => JSON.stringify(text))
      .join(",");
    const enter = `const ${FRAME}=${RECORDER}.enter(${parameters});try{`;
    const exit = `}finally{${RECORDER}.exit(${FRAME})}`;
    if (isBlock(body) && body.statements.length === 0) edits.open(start(body) + 1, enter + exit);
    else if (isBlock(body)) {
      // In a derived class, `this` must not be used before super() has returned.
      const [first] = derived ? body.statements : [];
      edits.open(first ? first.end : start(body) + 1, enter);
      edits.close(body.end - 1, exit);
    } else {
      edits.open(start(body), `{${enter}return (`);
      edits.close(body.end, `)${exit}}`);
    }
  };
  const here = `${RECORDER}.here(${FRAME});`;
  const wrapSuspension = (node: Node): void => {
    if (isAwaitExpression(node) || (isYieldExpression(node) && node.expression)) {
      const value = node.expression;
      if (!value) return;
      edits.open(start(node), `${RECORDER}.resume(${FRAME},`);
      edits.open(start(value), `${RECORDER}.leave(${FRAME},`);
      edits.close(node.end, "))");
    } else if (isForOfStatement(node)) {
      if (node.awaitModifier) {
        edits.open(start(node.expression), `${RECORDER}.each(${FRAME},`);
        edits.close(node.expression.end, ")");
      } else if (isBlock(node.statement)) edits.open(start(node.statement) + 1, here);
    } else if (isTryStatement(node)) {
      // The error may come from an `await`, after which no step was recorded.
      if (node.catchClause) edits.open(start(node.catchClause.block) + 1, here);
      if (node.finallyBlock) edits.open(start(node.finallyBlock) + 1, here);
    }
  };
  visit(source, false, "", false);
  return edits.apply(source.text);
}

/** The body of a function, its name, and whether it is an accessor. */
function bodyOf(node: Node, owner: string, derived: boolean, source: SourceFile): Body | undefined {
  const accessor = isGetAccessorDeclaration(node) || isSetAccessorDeclaration(node);
  const constructs = isConstructorDeclaration(node);
  const member = accessor || constructs || isMethodDeclaration(node);
  const other = isArrowFunction(node) || isFunctionExpression(node) || isFunctionDeclaration(node);
  if (!(member || other) || !node.body) return undefined;
  const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
  const { parent } = node;
  const named: Node & { name?: Node | undefined } =
    isVariableDeclaration(parent) || isPropertyAssignment(parent) ? parent : node;
  const own = constructs ? "constructor" : (!isArrowFunction(named) && named.name?.getText(source)) || "=>";
  const prefix = member && owner ? `${owner}.` : "";
  return {
    body: node.body,
    name: `${prefix}${own}:${line + 1}`,
    accessor,
    derived: derived && constructs,
  };
}
