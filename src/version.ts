// The version of Sluice, taken from package.json when it is bundled.

import manifest from "../package.json" with { type: "json" };

export const version: string = manifest.version;
