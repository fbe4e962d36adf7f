// The command line: sources of options, their precedence, and error messages.

import { describe, expect, test } from "bun:test";
import { rename } from "node:fs/promises";
import manifest from "../../package.json" with { type: "json" };
import { variable } from "../../src/cli/sources.ts";
import { WORDS } from "../../src/config/config.ts";
import { defaults, OPTIONS } from "../../src/config/options.ts";
import { AccessDatabase } from "../support/access.ts";
import { commandLine } from "../support/command.ts";
import { SAMPLES } from "./samples.ts";

const { config, message, run, workingFolder } = commandLine();

const ROUND_TRIPS = Object.entries(SAMPLES).map(([key, sample]) => {
  const option = Object.entries(OPTIONS).find(([name]) => name === key)?.[1];
  if (!option) throw new Error(`No option ${key}`);
  const bare = option.bare === undefined ? `--${option.name} ${sample.text}` : `--${option.name}`;
  const flag = option.positional ? sample.text : bare;
  return { ...option, ...sample, flag, config: { ...defaults, [key]: sample.value } };
});

describe("every option", () => {
  test.each(ROUND_TRIPS)(
    "$name can be set by a flag or as the argument",
    async ({ name, text, positional, bare, flag, config: expected }) => {
      expect(await config(flag)).toEqual(expected);
      if (!positional && bare === undefined) expect(await config(`--${name}=${text}`)).toEqual(expected);
    },
  );

  test.each(ROUND_TRIPS)("$name can be set by a variable", async ({ name, text, config: expected }) => {
    expect(await config("", { [variable(name)]: text })).toEqual(expected);
  });

  test.each(ROUND_TRIPS)(
    "$name can be set in sluice.toml",
    async ({ name, text, toml, config: expected }) => {
      for (const written of [JSON.stringify(text), toml ?? JSON.stringify(text)]) {
        expect(await config("", {}, await workingFolder(`${name} = ${written}\n`))).toEqual(expected);
      }
    },
  );

  test.each(ROUND_TRIPS)(
    "$name: a flag overrides a variable, a variable overrides the file",
    async (option) => {
      const { name, text, flag, config: expected } = option;
      const cwd = await workingFolder(`${name} = "--wrong"\n`);
      expect(await config(flag, { [variable(name)]: "--wrong" }, cwd)).toEqual(expected);
      expect(await config("", { [variable(name)]: text }, cwd)).toEqual(expected);
    },
  );

  const refusing = ROUND_TRIPS.filter(({ positional, bare }) => !positional && bare === undefined);
  test.each(refusing)(
    "$name: the error for a wrong value names its source and the allowed values",
    async ({ name, allowed }) => {
      const fault = `"--wrong" is not allowed; use ${allowed}`;
      expect(await message(`--${name} --wrong`)).toBe(`--${name}: ${fault}`);
      expect(await message("", { [variable(name)]: "--wrong" })).toBe(`${variable(name)}: ${fault}`);
      const cwd = await workingFolder(`${name} = "--wrong"`);
      expect(await message("", {}, cwd)).toBe(`${name} in sluice.toml: ${fault}`);
    },
  );

  test.each(refusing)(
    "$name: the error for a missing value names the allowed values",
    async ({ name, allowed }) => {
      expect(await message(`--${name}`)).toBe(`--${name} needs a value; use ${allowed}`);
    },
  );
});

describe("the word of a command on accounts", () => {
  test("counts as the first argument; ./user is a root", async () => {
    expect(await run("user list --json")).toEqual({ kind: "manage", argv: ["user", "list", "--json"] });
    expect(await run("help grant")).toEqual({ kind: "manage", argv: ["grant", "--help"] });
    expect(await config("./user")).toMatchObject({ root: "./user" });
    expect(await config("serve user")).toMatchObject({ root: "user" });
    expect(await message("usr")).toContain("did you mean sluice user?");
    expect(await message("--json user list")).toContain("put user first");
  });
});

describe("arguments", () => {
  test("without any, the defaults apply", async () => {
    expect(await run("")).toEqual({ kind: "serve", config: defaults });
  });

  test.each([
    ["./media", "./media"],
    ["serve ./media", "./media"],
    ["serve", "./files"],
    ["./serve", "./serve"],
    ["serve serve", "serve"],
    ["--port 1 serve ./media --port 2", "./media"],
    ["-- ./media", "./media"],
  ])("%s serves %s", async (argv, root) => {
    expect((await config(argv)).root).toBe(root);
  });

  test("a second root is refused", async () => {
    expect(await message("a b")).toBe('"b" is an unexpected argument: ROOT is already "a"');
    expect(await message("serve a serve")).toBe('"serve" is an unexpected argument: ROOT is already "a"');
  });

  test("an empty root is refused", async () => {
    expect(await message([""])).toBe('ROOT: "" is not allowed; use the path of a folder');
  });
});

describe("doctor", () => {
  test("examines the configuration that serve would use", async () => {
    expect(await run("doctor")).toEqual({ kind: "doctor", subject: { config: defaults }, json: false });
    const cwd = await workingFolder("port = 81\n");
    expect(await run("doctor ./media --json --keep-free 5", { SLUICE_LOG: "json" }, cwd)).toEqual({
      kind: "doctor",
      subject: { config: { ...defaults, root: "./media", port: 81, keepFree: 5, log: "json" } },
      json: true,
    });
  });

  test("a root named doctor is given as ./doctor", async () => {
    expect((await config("./doctor")).root).toBe("./doctor");
    expect((await config("serve doctor")).root).toBe("doctor");
  });

  test("refuses what serve refuses", async () => {
    expect(await message("doctor a b")).toBe('"b" is an unexpected argument: ROOT is already "a"');
    expect(await message("doctor --prot 1")).toBe('unknown flag "--prot"; the nearest is --port');
    expect(await message("doctor --host 0.0.0.0")).toStartWith(
      '--host: "0.0.0.0" gives other machines access',
    );
  });

  test("an argument that begins with http:// or https:// is a URL, and the configuration of this machine is ignored", async () => {
    const cwd = await workingFolder("prot = 81\n");
    expect(await run("doctor https://a.example/x --json", { SLUICE_X: "" }, cwd)).toEqual({
      kind: "doctor",
      subject: { url: new URL("https://a.example/x"), insecure: false },
      json: true,
    });
    expect(await run("doctor https://a.example --insecure")).toMatchObject({ subject: { insecure: true } });
    expect((await run("doctor HTTP://a")).kind).toBe("doctor");
  });

  test("an invalid URL, and flags that do not apply to a URL, are refused", async () => {
    expect(await message("doctor http://")).toContain('"http://" is not the URL of a server');
    expect(await message("doctor ftp://host/x")).toContain('"ftp://host/x" is not the URL of a server');
    expect(await message("doctor https://a.example --port 1 --keep-free 2")).toBe(
      "--port applies to a server on this machine and cannot be used with a URL; remove it\n--keep-free applies to a server on this machine and cannot be used with a URL; remove it",
    );
    expect(await message("doctor https://a.example b")).toContain('"b" is an unexpected argument');
  });

  test("only doctor accepts --json", async () => {
    expect(await message("--json")).toBe("--json can only be used with sluice doctor");
  });
});

describe("top", () => {
  const url = async (argv: string, env = {}) => {
    const invocation = await run(argv, env);
    return invocation.kind === "top" ? `${invocation.url.href} ${invocation.once}` : invocation;
  };

  test("shows the server that serve would start, or one given by URL", async () => {
    expect(await url("top")).toBe("http://127.0.0.1:3000/ false");
    expect(await url("top --once --port 81", { SLUICE_HOST: "localhost" })).toBe("http://localhost:81/ true");
    for (const [host, near] of Object.entries({ "0.0.0.0": "127.0.0.1", "::": "[::1]", "::1": "[::1]" }))
      expect(await url(`top --allow read --host ${host}`)).toBe(`http://${near}:3000/ false`);
    expect(await url("top https://a.example/x --once", { SLUICE_X: "" })).toBe("https://a.example/x true");
  });

  test("refuses what the other commands refuse", async () => {
    for (const word of ["./files", "localhost", "http://", "ftp://a.example"])
      expect(await message(`top ${word}`)).toContain(`"${word}" is not the URL of a server`);
    expect(await message("top http://a b")).toBe(
      '"b" is an unexpected argument: the URL is already "http://a"',
    );
    expect(await message("top http://a --port 1")).toContain("--port applies to a server on this machine");
    expect(await message("--once")).toBe("--once can only be used with sluice top");
    expect(await message("top --json")).toBe("--json can only be used with sluice doctor");
    expect(await message("doctor --once")).toBe("--once can only be used with sluice top");
    expect((await config("./top")).root).toBe("./top");
  });
});

describe("flags", () => {
  test("-A grants everything", async () => {
    expect(await config("-A")).toEqual({ ...defaults, allow: new Set(WORDS) });
    expect((await config("-A", { SLUICE_ALLOW: "read" })).allow).toEqual(new Set(WORDS));
    expect(await message("-A --allow read")).toBe(
      "option '-A' cannot be used with option '--allow <GRANTS>'",
    );
  });

  test("-p sets the port, also with an attached value and after other short flags", async () => {
    for (const argv of ["-p 8080", "-p8080", "-Ap 8080"]) expect((await config(argv)).port).toBe(8080);
  });

  test("a repeated list is extended, of a repeated single value the last one counts", async () => {
    expect((await config("--allow read --allow delete")).allow).toEqual(new Set(["read", "delete"]));
    expect((await config("--cors http://a --cors http://b,http://c")).cors).toEqual([
      "http://a",
      "http://b",
      "http://c",
    ]);
    expect((await config("--port 1 --port 2")).port).toBe(2);
  });

  test.each([
    ["--prot 1", '"--prot"; the nearest is --port'],
    ["--max-filesize=5", '"--max-filesize"; the nearest is --max-file-size'],
    ["--maxFileSize 5", '"--maxFileSize"; the nearest is --max-file-size'],
    ["--size 5", '"--size"; the nearest is --max-file-size'],
    ["--timeout 5", '"--timeout"; the nearest is --idle-timeout'],
    ["--confg x", '"--confg"; the nearest is --config'],
    ["--hlep", '"--hlep"; the nearest is --help'],
    ["--root x", '"--root"; the nearest is ROOT, an argument'],
    ["-v", '"-v"; the nearest is --version'],
    ["-l", '"-l"; the nearest is --log'],
  ])("%s is unknown, and the nearest is named", async (argv, rest) => {
    expect(await message(argv)).toBe(`unknown flag ${rest}`);
  });

  test.each(["-x", "--a'b", "--zzzzzz", "--colour"])("%s is unknown, and no name is near", async (argv) => {
    expect(await message(argv)).toBe(`unknown flag "${argv}"`);
  });

  test("a wrong value is escaped and truncated in the message", async () => {
    const text = await message(["--log", `\x1b[31m\u202e\n${"x".repeat(500)}`]);
    expect(text).toStartWith(`--log: "\\u{1b}[31m\\u{202e}\\u{a}${"x".repeat(53)}…" is not allowed`);
    expect(text.length).toBeLessThan(300);
  });

  test("all wrong values are reported together", async () => {
    expect((await message("--port x --log y", { SLUICE_DRAIN: "" })).split("\n")).toEqual([
      expect.stringMatching(/^--port: "x"/),
      expect.stringMatching(/^SLUICE_DRAIN: ""/),
      expect.stringMatching(/^--log: "y"/),
    ]);
  });
});

describe("listening to other machines", () => {
  test.each(["0.0.0.0", "::", "192.168.1.2", "nas.example"])("on %s needs --allow", async (host) => {
    const why = `"${host}" gives other machines access, so their permissions must be set; add --allow read `;
    expect(await message(`--host ${host}`)).toStartWith(`--host: ${why}`);
    expect(await message("", { SLUICE_HOST: host })).toStartWith(`SLUICE_HOST: ${why}`);
    expect(await message("", {}, await workingFolder(`host = "${host}"`))).toStartWith(
      `host in sluice.toml: ${why}`,
    );
  });

  test("is allowed when the grants are set in any source", async () => {
    const host = "--host 0.0.0.0";
    for (const argv of [`${host} --allow read,write`, `${host} -A`])
      expect((await config(argv)).host).toBe("0.0.0.0");
    expect((await config(host, { SLUICE_ALLOW: "read" })).host).toBe("0.0.0.0");
    expect((await config(host, {}, await workingFolder('allow = ["read"]'))).host).toBe("0.0.0.0");
  });

  test("is allowed when there are accounts, wherever they are kept, or with --setup", async () => {
    const cwd = await workingFolder();
    const argv = `--host 0.0.0.0 ${cwd}/root`;
    expect(await message(argv, {}, cwd)).toContain(
      "or let people log in: sluice user add NAME --owner, or --setup",
    );
    expect(await run(`${argv} --setup`, {}, cwd)).toMatchObject({ kind: "serve", setup: true });
    const database = new AccessDatabase(`${cwd}/root`);
    // A rule or a quota is no account.
    database.grant("anyone", { "": "read" });
    expect(await message(argv, {}, cwd)).toContain("gives other machines access");
    database.account("anna");
    database.close();
    expect((await config(argv, {}, cwd)).host).toBe("0.0.0.0");
    const kept = await workingFolder();
    await rename(`${cwd}/root/.sluice`, `${kept}/kept`);
    expect((await config("--host 0.0.0.0 --access kept/access.db", {}, kept)).host).toBe("0.0.0.0");
    expect(await message("doctor --setup")).toBe("--setup can only be used with sluice serve");
  });

  test.each(["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost", "LOCALHOST"])(
    "does not apply to the loopback host %s",
    async (host) => {
      expect((await config(`--host ${host}`)).allow).toEqual(defaults.allow);
    },
  );
});

test("--version is the version of the package", async () => {
  const expected = { kind: "print" as const, text: `sluice ${manifest.version}\n` };
  expect(await run("--version")).toEqual(expected);
  expect(await run("-V")).toEqual(expected);
});
