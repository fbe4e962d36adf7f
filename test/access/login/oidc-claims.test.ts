// The account of a person from an identity provider: connected, declared before, new without grants, or none.

import { describe, expect, test } from "bun:test";
import { accountOf } from "../../../src/access/login/oidc-claims.ts";
import { problemOf } from "../../support/thrown.ts";

const ALICE = { issuer: "https://id.example.org", subject: "1", names: ["alice", "alice@example.org"] };

/** A server with these accounts; `true` for those that nobody can log in to yet. */
function server(accounts: Record<string, boolean>, mayAdd = false, connected?: string) {
  return {
    connected,
    accounts: new Map(Object.keys(accounts).map((name) => [name, { name }])),
    isFree: ({ name }: { name: string }) => accounts[name] === true,
    isName: (text: string) => /^[\w@.-]+$/.test(text),
    mayAdd,
  };
}

test("an identity keeps its account, whatever its names are now", () => {
  expect(
    accountOf({ ...ALICE, names: ["root"] }, server({ alice: false, root: true }, true, "alice")),
  ).toEqual({
    origin: "connected",
    name: "alice",
  });
});

describe("an account that was declared before", () => {
  test("is found by the name at the provider, or by the verified address", () => {
    expect(accountOf(ALICE, server({ alice: true }))).toEqual({ origin: "declared", name: "alice" });
    expect(accountOf(ALICE, server({ "alice@example.org": true }))).toMatchObject({
      name: "alice@example.org",
    });
    expect(accountOf(ALICE, server({ alice: false, "alice@example.org": true }))).toMatchObject({
      name: "alice@example.org",
    });
  });

  test("is not taken over when somebody can log in to it already", () => {
    expect(problemOf(() => accountOf(ALICE, server({ alice: false }, true)))).toMatchObject({
      code: "account_exists",
      status: 409,
    });
  });

  test("is not found by a part of its name, or in another case", () => {
    for (const name of ["alic", "alice2", "Alice", "alice@example.com"])
      expect(problemOf(() => accountOf(ALICE, server({ [name]: true }))).code).toBe("not_allowed");
  });
});

test("a new account is made only where that is allowed, and under a possible name", () => {
  expect(problemOf(() => accountOf(ALICE, server({}))).detail).toContain('named "alice"');
  expect(accountOf(ALICE, server({}, true))).toEqual({ origin: "new", name: "alice" });
  expect(accountOf({ ...ALICE, names: ["a b", "x@example.org"] }, server({}, true)).name).toBe(
    "x@example.org",
  );
  expect(
    problemOf(() => accountOf({ ...ALICE, names: ["@team", "a/b"].slice(1) }, server({}, true))).code,
  ).toBe("not_allowed");
});
