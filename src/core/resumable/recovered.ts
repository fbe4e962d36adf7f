// The file an upload became just before a crash, told from what lies there.

import type { FileEntry } from "../../storage/entry.ts";
import { buildFlowReport } from "../report/flow-report.ts";
import { type SavedFile, savedFile } from "../upload/upload.ts";
import type { UploadState } from "./record.ts";

/** The file an upload became, with what its note knows of its flow. */
export function recoveredFile({ path, measured }: UploadState, entry: FileEntry): SavedFile {
  const flow = buildFlowReport(measured, entry.size);
  const explanation = `${flow.explanation} The server was restarted while the file got its name: that time is not in here.`;
  return savedFile(entry, path, { ...flow, explanation });
}
