// The tables of access.db, and the version they have.

/** `PRAGMA user_version` of this release. */
export const SCHEMA_VERSION = 1;

/** `PRAGMA application_id`: "slui". A file with another id is not a database of Sluice. */
export const APPLICATION_ID = 0x736c7569;

/**
 * Times are milliseconds since 1970, sizes bytes, rates bytes per second. Paths are checked paths, `""` is the root.
 * Words are texts such as `read,write`. Secrets are stored only as digests.
 */
export const SCHEMA = `
CREATE TABLE accounts (
  name TEXT PRIMARY KEY,
  -- Never used again, also when an account with the same name is made later.
  uid TEXT NOT NULL UNIQUE,
  -- A hash of argon2 or bcrypt; null while only an invite, a passkey or a provider opens the account.
  password TEXT,
  totp TEXT,
  totp_step INTEGER NOT NULL DEFAULT 0 CHECK (totp_step >= 0),
  owner INTEGER NOT NULL DEFAULT 0 CHECK (owner IN (0, 1)),
  disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
  -- Counts the changes that end sessions and tokens.
  epoch INTEGER NOT NULL DEFAULT 0 CHECK (epoch >= 0),
  -- Bytes per second for all its uploads, and for all its downloads; null for no cap.
  rate INTEGER CHECK (rate > 0),
  created INTEGER NOT NULL
) STRICT;

CREATE TABLE members (
  team TEXT NOT NULL,
  account TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
  PRIMARY KEY (team, account)
) STRICT;

CREATE TABLE grants (
  -- anyone, @team, or the name of an account.
  subject TEXT NOT NULL,
  path TEXT NOT NULL,
  words TEXT NOT NULL,
  PRIMARY KEY (subject, path)
) STRICT;

CREATE TABLE links (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
  -- A new serial is a new URL.
  serial INTEGER NOT NULL DEFAULT 0 CHECK (serial >= 0),
  path TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('file', 'folder', 'drop')),
  password TEXT,
  note TEXT NOT NULL DEFAULT '',
  created INTEGER NOT NULL,
  expires INTEGER,
  downloads_left INTEGER CHECK (downloads_left >= 0),
  bytes_left INTEGER CHECK (bytes_left >= 0),
  files_left INTEGER CHECK (files_left >= 0),
  -- The largest file of a drop.
  largest INTEGER CHECK (largest >= 0),
  rate INTEGER CHECK (rate > 0),
  ask_name INTEGER NOT NULL DEFAULT 0 CHECK (ask_name IN (0, 1)),
  -- Revoked, or its file is gone: never open again.
  revoked INTEGER NOT NULL DEFAULT 0 CHECK (revoked IN (0, 1))
) STRICT;

CREATE TABLE secrets (
  -- SHA-256 of the secret.
  digest BLOB PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL CHECK (kind IN ('session', 'token', 'invite', 'ticket')),
  account TEXT REFERENCES accounts (name) ON DELETE CASCADE,
  link TEXT REFERENCES links (id) ON DELETE CASCADE,
  -- What a person calls a token; the browser of a session; the address of a ticket.
  name TEXT NOT NULL DEFAULT '',
  words TEXT,
  path TEXT,
  created INTEGER NOT NULL,
  expires INTEGER,
  CHECK ((account IS NULL) <> (link IS NULL))
) STRICT;
CREATE INDEX secrets_of_account ON secrets (account);
CREATE INDEX secrets_of_link ON secrets (link);

CREATE TABLE identities (
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  account TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
  PRIMARY KEY (issuer, subject)
) STRICT;

CREATE TABLE passkeys (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
  name TEXT NOT NULL,
  public_key BLOB NOT NULL,
  counter INTEGER NOT NULL CHECK (counter >= 0),
  transports TEXT NOT NULL DEFAULT '',
  created INTEGER NOT NULL
) STRICT;

CREATE TABLE quotas (
  path TEXT PRIMARY KEY,
  bytes INTEGER NOT NULL CHECK (bytes >= 0)
) STRICT;

CREATE TABLE hooks (
  id TEXT PRIMARY KEY,
  -- Events such as upload.saved, separated by commas.
  events TEXT NOT NULL,
  path TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('webhook', 'command')),
  -- A URL, or a JSON list of arguments.
  target TEXT NOT NULL,
  -- The key of the signature of a webhook.
  secret TEXT,
  timeout INTEGER NOT NULL CHECK (timeout > 0),
  created INTEGER NOT NULL
) STRICT;

-- Events that were not delivered to their hook yet.
CREATE TABLE deliveries (
  id TEXT PRIMARY KEY,
  hook TEXT NOT NULL REFERENCES hooks (id) ON DELETE CASCADE,
  -- JSON.
  event TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  -- When it is tried next.
  due INTEGER NOT NULL
) STRICT;

CREATE TABLE keys (
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT;
`;
