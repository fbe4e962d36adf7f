// Lines of the log about a root that cannot be written to.

import type { RecoveryObserver } from "./write-recovery.ts";

/**
 * Tells the operator about a root that cannot be written to, and continues the uploads of earlier runs when it can.
 * @param say writes a line of the log; more severe than usual with `error`
 */
export function rootReports(
  uploads: { load: () => Promise<void> },
  say: (message: string, level?: "error") => void,
): RecoveryObserver {
  return {
    refused({ code, detail }) {
      const advice =
        code === "storage_read_only" ? " Check the owner of the root and how it is mounted." : "";
      const end = "They are accepted as soon as that is over; no restart is needed.";
      say(`Uploads and changes are refused: ${detail}${advice} ${end}`, "error");
    },
    async recovered() {
      await uploads.load();
      say("The root can be written to now: uploads and changes are accepted.");
    },
  };
}
