// Rules for new passwords: length, the account's name, the most common ones; no rule about kinds of characters.

import { expect, test } from "bun:test";
import { COMMON_PASSWORDS } from "../../../src/access/passwords/common-passwords.ts";
import { passwordFaults } from "../../../src/access/passwords/rules.ts";

test.each([
  "correct horse",
  "eight888",
  "пароль-длинный",
  "🐎🔋📎🐎🔋📎🐎🔋",
  `${"x".repeat(255)}y`,
  "é🐎".repeat(128),
  // 1,024 bytes.
  "🐎🔋".repeat(128),
  " leading and trailing ",
])("a password is accepted: %p", (password) => {
  expect(passwordFaults("alice", password)).toEqual([]);
});

test.each([
  ["short", "has 5 characters; the least is 8"],
  ["", "has 0 characters"],
  // Four characters, although 16 bytes.
  ["🐎🔋📎🐎", "has 4 characters"],
  // Decomposed, it has nine code points; composed, seven.
  ["Zo\u0065\u0308\u0065\u0308abc", "has 7 characters"],
  ["xy".repeat(129), "has 258 characters; the most is 256"],
  ["tab\tand more", "control character"],
  ["Alice-Liddell", "name of the account"],
  ["PASSWORD", "attackers try first"],
  ["12345678", "attackers try first"],
  ["jjjjjjjjjjjj", "attackers try first"],
  ["lone surrogate \uD800", "well-formed"],
])("a password is refused: %p %p", (password, reason) => {
  expect(passwordFaults("alice-liddell", password).join(" ")).toContain(reason);
});

test("no sentence contains the password", () => {
  const password = "PASSWORD\t";
  for (const fault of passwordFaults(password, password)) expect(fault).not.toContain(password);
});

test("the list contains nothing that its length refuses already", () => {
  expect(COMMON_PASSWORDS.size).toBeGreaterThan(100);
  expect(
    [...COMMON_PASSWORDS].filter((password) => password.length < 8 || password !== password.toLowerCase()),
  ).toEqual([]);
});
