// A value of every option, as a text and in TOML.

import type { Config } from "../../src/config/config.ts";

/** For each option: a text, the TOML value if it differs from the quoted text, and the resulting value. */
export const SAMPLES: { [Key in keyof Config]-?: { text: string; toml?: string; value: Config[Key] } } = {
  root: { text: "/srv/media", value: "/srv/media" },
  host: { text: "::1", value: "::1" },
  port: { text: "0", toml: "0", value: 0 },
  listen: {
    text: "[::1]:3000,unix:/run/sluice.sock?mode=600",
    toml: '["[::1]:3000", "unix:/run/sluice.sock?mode=600"]',
    value: [
      { kind: "tcp", host: "::1", port: 3000 },
      { kind: "unix", path: "/run/sluice.sock", mode: 0o600 },
    ],
  },
  basePath: { text: "/team/files/", value: "/team/files" },
  allow: { text: "read,delete", toml: '["read", "delete"]', value: new Set(["read", "delete"]) },
  access: { text: "/var/lib/sluice/access.db", value: "/var/lib/sluice/access.db" },
  loginHeader: { text: "Remote-User", value: "remote-user" },
  url: { text: "https://files.example.org/", value: "https://files.example.org" },
  oidcIssuer: { text: "https://id.example.org/realms/home", value: "https://id.example.org/realms/home" },
  oidcClient: { text: "sluice", value: "sluice" },
  oidcSecretFile: { text: "/etc/sluice/oidc-secret", value: "/etc/sluice/oidc-secret" },
  oidcGroup: { text: "file-users", value: "file-users" },
  maxFileSize: { text: "1.5GiB", value: 1_610_612_736 },
  maxFiles: { text: "7", toml: "7", value: 7 },
  maxErrors: { text: "100", toml: "100", value: 100 },
  maxUploads: { text: "3", toml: "3", value: 3 },
  maxUploadsPerClient: { text: "2", toml: "2", value: 2 },
  trustedProxy: {
    text: "127.0.0.1,2001:db8::/32",
    toml: '["127.0.0.1", "2001:db8::/32"]',
    value: ["127.0.0.1/32", "2001:db8::/32"],
  },
  maxWaiting: { text: "9", toml: "9", value: 9 },
  cap: { text: "20MB/s", value: 20_000_000 },
  keepFree: { text: "5000", toml: "5_000", value: 5000 },
  idleTimeout: { text: "2m", value: 120 },
  uploadExpiry: { text: "30d", value: 2_592_000 },
  trash: { text: "30d", value: 2_592_000 },
  conflict: { text: "fail", value: "fail" },
  drain: { text: "1.5", toml: "1.5", value: 1.5 },
  cors: {
    text: "https://a.example,https://b.example",
    value: ["https://a.example", "https://b.example"],
  },
  hostname: { text: "a.example,B.example", value: ["a.example", "b.example"] },
  tlsCert: {
    text: "/etc/a.pem,/etc/b.pem",
    toml: '["/etc/a.pem", "/etc/b.pem"]',
    value: ["/etc/a.pem", "/etc/b.pem"],
  },
  tlsKey: { text: "/etc/a.key", toml: '["/etc/a.key"]', value: ["/etc/a.key"] },
  hsts: { text: "365d", value: 31_536_000 },
  http2: { text: "off", value: false },
  http3: { text: "on", value: true },
  dav: { text: "off", value: false },
  log: { text: "json", value: "json" },
  logLevel: { text: "debug", value: "debug" },
};
