// Cookies, as requests send them and answers set them.

import { expect, test } from "bun:test";
import { cookieIn, setCookie } from "../../src/http/cookies.ts";

test("a cookie is found by its name, with its escapes decoded", () => {
  const headers = new Headers({ cookie: "other=1; visit=a%3Bb; visits=2" });
  expect(cookieIn(headers, "visit")).toBe("a;b");
  expect(cookieIn(headers, "visi")).toBeUndefined();
  expect(cookieIn(new Headers(), "visit")).toBeUndefined();
});

test("a cookie that is set is hidden from scripts, and can be removed", () => {
  const line = setCookie("visit", "a;b", { path: "/s/x", maxAge: 60, secure: true });
  expect(line).toBe("visit=a%3Bb; Path=/s/x; Max-Age=60; Secure; HttpOnly; SameSite=Lax");
  expect(setCookie("visit", "", { maxAge: 0, secure: false })).toBe(
    "visit=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax",
  );
});
