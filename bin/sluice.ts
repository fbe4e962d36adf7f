#!/usr/bin/env -S bun --no-env-file --config=/dev/null --tsconfig-override=/dev/null
// The command `sluice` that `bun link` installs: runs the server from source. With these flags Bun does not obey the files
// `.env`, `bunfig.toml` and `tsconfig.json` of the current folder, which clients may be able to write.

import "../src/main.ts";
