#!/usr/bin/env bun
// The command `sluice` that `bun link` installs: runs the server from source.

import "../src/main.ts";
