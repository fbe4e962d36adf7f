// Parts of doctor URL: the search for a size limit, names of proxies, the summary.

import { describe, expect, test } from "bun:test";
import { about, type Finding } from "../../../src/doctor/finding.ts";
import { findLimit, LARGEST } from "../../../src/doctor/url/body-limit.ts";
import { proxyOf, settingsFor } from "../../../src/doctor/url/proxies.ts";
import { urlSummary } from "../../../src/doctor/url/summary.ts";
import { steadyRate } from "../../../src/doctor/url/throughput.ts";

describe("findLimit", () => {
  const search = async (limit: number) => {
    const asked: number[] = [];
    const found = await findLimit(async (bytes) => {
      asked.push(bytes);
      return bytes <= limit;
    });
    expect(found.requests).toBe(asked.length);
    expect(asked.length).toBeLessThanOrEqual(20);
    expect(Math.max(...asked)).toBeLessThanOrEqual(LARGEST);
    return found;
  };

  test.each([2 ** 20, 1e8, 100 * 2 ** 20, 2 ** 31, 10 * 2 ** 20, 65_536])(
    "the common limit %d is found exactly",
    async (limit) => {
      expect(await search(limit)).toMatchObject({ limit, exact: true });
    },
  );

  test.each([0, 1, 1000, 50_000, 1_234_567, 33_333_333, 7e9, 9e10])(
    "the limit %d is found approximately",
    async (limit) => {
      const found = await search(limit);
      expect(found.limit).toBeLessThanOrEqual(limit);
      expect(found.limit).toBeGreaterThanOrEqual(limit * 0.97 - 16);
      if (found.exact) expect(found.limit).toBe(limit);
    },
  );

  test("without a limit one request is enough", async () => {
    expect(await search(Number.POSITIVE_INFINITY)).toEqual({ limit: undefined, exact: true, requests: 1 });
  });
});

describe("steadyRate", () => {
  const one = (bytes: number, from: number, to: number) => ({ bytes, from, to });

  test("ignores the first quarter of the time", () => {
    expect(steadyRate([[one(1, 0, 1), one(100, 1, 2), one(200, 2, 4)]], 4)).toBe(100);
  });

  test("of several streams is measured while all of them run", () => {
    const streams = [
      [one(10, 0, 1), one(300, 1, 4)],
      [one(10, 0, 1), one(400, 1, 5)],
    ];
    expect(steadyRate(streams, 4)).toBe(200);
  });

  test("of a single slow request is that of the request", () => {
    expect(steadyRate([[one(50, 0, 0.5)]], 4)).toBe(100);
    expect(steadyRate([[one(50, 0, 5)], []], 4)).toBe(10);
  });
});

describe("proxies", () => {
  test.each([
    [{ server: "nginx/1.22.1" }, "nginx"],
    [{ server: "openresty" }, "nginx"],
    [{ server: "cloudflare", "cf-ray": "1" }, "cloudflare"],
    [{ via: "1.1 Caddy" }, "caddy"],
    [{ server: "Apache/2.4.71 (Debian)" }, "apache"],
    [{ server: "lighttpd" }, undefined],
    [{}, undefined],
  ])("%j is %s", (headers, name) => {
    expect(String(proxyOf(new Headers(headers)))).toBe(String(name));
  });

  test("the suggested configuration is for the detected proxy, otherwise for all", () => {
    expect(settingsFor("size", "nginx")).toBe("nginx: client_max_body_size 0;");
    expect(settingsFor("size", undefined).split(" · ")).toHaveLength(6);
  });
});

describe("the summary", () => {
  const said = (one: number, four: number, median: number, ...more: Finding[]) =>
    urlSummary([
      {
        title: "x",
        findings: [
          about("round-trip", "Round trip").ok("", { figures: { median } }),
          about("upload-1", "Upload").ok("", { figures: { bytesPerSecond: one } }),
          about("upload-4", "Upload").ok("", { figures: { bytesPerSecond: four } }),
          about("download-1", "Download").ok("", { figures: { bytesPerSecond: 9e6 } }),
          ...more,
        ],
      },
    ]);

  test("suggests several streams if one is limited by latency", () => {
    const text = said(7e6, 24e6, 0.1);
    expect(text).toContain(
      "uploads reach 7 MB/s with one stream and 24 MB/s with four; downloads reach 9 MB/s.",
    );
    expect(text).toContain("at a round trip of 100 ms, one stream has only about 700 kB in flight");
    expect(text).toContain("parallelUploads 4");
  });

  test("says that one stream uses the full rate", () => {
    expect(said(7e6, 7.2e6, 0.1)).toContain("More streams are not faster, so the limit is the line");
  });

  test("says that the network is fast enough", () => {
    expect(said(5e8, 2e9, 0.001)).not.toContain("stream does not");
  });

  const size = (change: string) => about("x", "Largest body").warning("1MiB", { change });

  test("lists the changes, with the whole configuration for the detected proxy", () => {
    const host = about("y", "Host").warning("changed", {
      change: "nginx: proxy_set_header Host $http_host;",
    });
    expect(said(7e6, 7e6, 0.1, size("nginx: client_max_body_size 0;"), host)).toEndWith(
      "Found on the path: Largest body: 1MiB; Host: changed. Change in nginx: client_max_body_size 0; proxy_set_header Host $http_host;",
    );
    const tls = about("tls", "TLS").warning("not trusted", { advice: "Use another." });
    expect(said(7e6, 7e6, 0.1, size("nginx: a;"), tls)).toEndWith(
      "Change in nginx: a; For the other lines, see above (→).",
    );
  });

  test("refers to the findings for the configuration of an unknown proxy", () => {
    expect(said(7e6, 7e6, 0.1, size("nginx: a; · Caddy: b"))).toEndWith(
      "Each line above says what to do (→).",
    );
  });
});
