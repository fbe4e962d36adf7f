// Runs on the client: `sluice doctor URL` without its 20 seconds of silence. bun run examine.ts URL     prints JSON

import { urlSummary } from "../../src/doctor/url/summary.ts";
import { examineUrl } from "../../src/doctor/url/url.ts";

const url = new URL(process.argv[2] ?? "");
const groups = await examineUrl(url, AbortSignal.timeout(60_000), () => {}, {
  pace: { speed: 3, silence: 1 },
});
const findings = groups.flatMap((group) => group.findings);
console.log(JSON.stringify({ findings, summary: urlSummary(groups) }));
