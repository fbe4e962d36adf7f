// The API page and the page of problems in a browser: their content, and that they send no request to other hosts.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { OpenAPIV3 } from "openapi-types";
import type { Browser } from "playwright-core";
import { PROBLEMS } from "../../src/errors.ts";
import { launch, noBrowser, openPage } from "../support/browser.ts";
import { patient } from "../support/patience.ts";
import { type Program, startProgram } from "../support/program.ts";
import { until } from "../support/server.ts";

// A test that times out loses the browser, and so do all later tests.
setDefaultTimeout(patient(60_000));

describe.skipIf(noBrowser !== undefined)("documentation", () => {
  let browser: Browser;
  let program: Program;
  beforeAll(async () => {
    [browser, program] = await Promise.all([launch(), startProgram()]);
  });
  afterAll(async () => {
    await Promise.all([browser.close(), program[Symbol.asyncDispose]()]);
  });

  test("/swagger shows every operation and can send a request", async () => {
    await using opened = await openPage(browser, `${program.url}/swagger`);
    const { page } = opened;
    const document: OpenAPIV3.Document = JSON.parse(
      await (await fetch(`${program.url}/swagger/json`)).text(),
    );
    const operations = Object.values(document.paths).flatMap((item = {}) => [
      item.get,
      item.head,
      item.put,
      item.post,
      item.delete,
    ]);
    const summaries = operations.flatMap((operation) => operation?.summary ?? []);
    expect(summaries).toContain("Save a file");
    expect(summaries).toHaveLength(operations.filter(Boolean).length);
    // All at once, because each search of this long page takes 0.2 s of a processor.
    const missing = () =>
      page.evaluate<string[]>(`(() => {
        const shown = new Set();
        for (const element of document.querySelectorAll("*"))
          if (element.childElementCount === 0 && element.checkVisibility()) shown.add(element.textContent.trim());
        return ${JSON.stringify(summaries)}.filter((summary) => !shown.has(summary));
      })()`);
    await until("all are shown", async () => (await missing()).length === 0, 30);

    await page.getByText("Check whether uploads are accepted").first().click();
    await page
      .getByRole("button", { name: /Test Request.*health/ })
      .first()
      .click();
    const asked = page.waitForResponse(`${program.url}/health`);
    await page
      .getByRole("button", { name: /Send get request to/ })
      .first()
      .click();
    expect((await asked).status()).toBe(200);
    await page.getByText("200 OK").first().waitFor();
    // Scalar tries to call eval, which the policy forbids, and then works without it.
    expect(new Set(opened.complaints)).toEqual(new Set(["policy: script-src eval"]));
  });

  test("the URL of a problem shows its section of /problems", async () => {
    await using opened = await openPage(browser, `${program.url}/problems#/name_taken`);
    const target = opened.page.locator(":target");
    expect(await target.getByRole("heading").textContent()).toBe(PROBLEMS.name_taken.title);
    expect(
      await opened.page.evaluate(`getComputedStyle(document.querySelector(":target")).outlineStyle`),
    ).toBe("solid");
    expect(opened.complaints).toEqual([]);
  });
});
