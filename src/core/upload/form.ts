// multipart/form-data uploads: saves every file part; one failing part does not affect the others.

import { asProblem, type ErrorEntry, ErrorList, LIMIT_REACHED, Problem, summarize } from "../../errors.ts";
import {
  MultipartError,
  MultipartParser,
  PART_PROBLEMS,
  type PartHeaders,
  type PartProblem,
} from "../../http/multipart/parser.ts";
import { MAX_TIME_CHARACTERS, millisecondsIn } from "../../http/time/modification-time.ts";
import { below, type FilePath, type FolderPath } from "../../path.ts";
import type { Allowance } from "../admission/allowance.ts";
import type { NameGrants } from "../naming/conflict.ts";
import type { RequestBody } from "./request-body.ts";
import type { SavedFile } from "./saved-file.ts";
import type { Upload } from "./upload.ts";
import type { UploadRequest } from "./upload-request.ts";
import type { Uploader } from "./uploader.ts";

/** Files that may be synced and published while later parts are read. */
const MAX_FINISHING = 32;
/** Characters of a file name that an error quotes, at most. */
const MAX_QUOTED_NAME = 255;
/** The form field with the modification time of the next file, in the format of `File.lastModified`. */
const TIME_FIELD = "lastModified";

export interface FormOptions {
  uploader: Uploader;
  folder: FolderPath;
  boundary: string;
  maxFiles: number;
  maxErrors: number;
  intent: Pick<UploadRequest, "conflict" | "conditions" | "wantedDigest" | "key" | "modified" | "madeBy">;
  /** Decides for the path of a file; throws the problem of a client that may not write there. */
  permit: (path: FilePath) => Promise<NameGrants>;
  /** Begins to count a file towards a budget. @throws Problem */
  allow?: (() => Allowance) | undefined;
}

/** The result of all parts. `errors` is bounded. */
export interface FormSaveResult {
  files: SavedFile[];
  errors: readonly ErrorEntry[];
  errorsOmitted: number;
  /** The first problem, which is the response when nothing was saved. */
  first: Problem | undefined;
  /** Problems with status 5xx, for the log. */
  failures: readonly Problem[];
}

/** Reads a form part by part. Parts are received one after another and published concurrently. */
export class FormUpload {
  readonly #errors: ErrorList;
  readonly #files: (SavedFile | undefined)[] = [];
  readonly #finishing = new Set<Promise<void>>();
  readonly #failures: Problem[] = [];
  #first: Problem | undefined;
  #parts = 0;
  #stopped = false;
  #current: { upload: Upload; file: string } | undefined;
  /** The characters of the field `lastModified` so far; it applies to the next file. */
  #time: string | undefined;
  #readingTime = false;
  /** The field name of a part with an empty file name, until its first byte arrives. */
  #unnamed: string | undefined;

  constructor(readonly options: FormOptions) {
    this.#errors = new ErrorList(options.maxErrors);
  }

  /**
   * Reads until the form ends, its framing breaks, the error list is full or it exceeds `maxFiles`.
   * Never throws: a failing part becomes an entry in `errors`.
   * @param saving called when the whole body has been read and only storage work remains
   */
  async read(body: RequestBody, saving: () => void): Promise<FormSaveResult> {
    try {
      await this.#readParts(body);
    } catch (error) {
      const problem = problemOf(error);
      this.#refuse(this.#current?.file, problem);
      await this.#discard(problem);
    }
    await this.#discard(new Problem("too_many_errors", LIMIT_REACHED.detail));
    saving();
    await Promise.all(this.#finishing);
    return {
      files: this.#files.filter((file) => file !== undefined),
      errors: this.#errors.entries,
      errorsOmitted: this.#errors.omitted,
      first: this.#first,
      failures: this.#failures,
    };
  }

  async #readParts(body: RequestBody): Promise<void> {
    // The margin allows for form fields in addition to the files.
    const parser = new MultipartParser(this.options.boundary, { maxParts: this.options.maxFiles * 2 + 1000 });
    for await (const chunk of body.chunks()) {
      for (const event of parser.push(chunk)) {
        if (event.kind === "part") await this.#begin(event.headers, event.problem, body);
        else if (event.kind === "data") await this.#write(event.bytes);
        else await this.#end();
        if (this.#errors.full || this.#stopped) return;
      }
    }
    parser.finish();
  }

  async #begin(headers: PartHeaders, broken: PartProblem | undefined, body: RequestBody): Promise<void> {
    const { uploader, folder, maxFiles, intent } = this.options;
    // A browser sends an empty file input as a part with an empty file name and no bytes. A part without a file name is a form field.
    this.#unnamed = headers.filename === "" && broken === undefined ? headers.name : undefined;
    this.#readingTime = broken === undefined && headers.filename === undefined && headers.name === TIME_FIELD;
    if (this.#readingTime) this.#time = "";
    if (broken === undefined && !headers.filename) return;
    const modified = millisecondsIn(this.#time ?? "") ?? intent.modified ?? null;
    this.#time = undefined;
    const file = headers.filename ?? headers.name;
    this.#parts += 1;
    try {
      if (this.#parts > maxFiles) {
        this.#stopped = true;
        throw new Problem("too_many_files", `A form may have at most ${maxFiles} files (--max-files).`);
      }
      if (broken !== undefined) throw new Problem("invalid_multipart", PART_PROBLEMS[broken]);
      const path: FilePath = below(folder, headers.filename ?? "");
      const upload = await uploader.begin({
        ...intent,
        may: await this.options.permit(path),
        allow: this.options.allow,
        ...(intent.key !== undefined && { key: `${intent.key}\n${this.#parts}` }),
        path,
        modified,
        size: undefined,
        digests: [],
        id: crypto.randomUUID(),
        networkSeconds: () => body.waited,
        capWait: body.measureCapWait(),
        end: (problem) => body.stop(problem),
      });
      this.#current = { upload, file };
    } catch (error) {
      this.#refuse(file, problemOf(error));
    }
  }

  async #write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.#readingTime)
      this.#time = (this.#time + new TextDecoder().decode(bytes)).slice(0, MAX_TIME_CHARACTERS);
    if (this.#unnamed !== undefined) {
      this.#refuse(
        this.#unnamed,
        new Problem("missing_name", "This part has content but an empty file name."),
      );
      this.#unnamed = undefined;
    }
    if (!this.#current) return;
    try {
      const ready = this.#current.upload.write(bytes);
      if (ready) await ready;
    } catch (error) {
      const problem = problemOf(error);
      this.#refuse(this.#current.file, problem);
      await this.#discard(problem);
    }
  }

  async #end(): Promise<void> {
    const current = this.#current;
    if (!current) return;
    this.#current = undefined;
    const index = this.#files.push(undefined) - 1;
    const finishing = current.upload
      .finish()
      .then(
        ({ file }) => {
          this.#files[index] = file;
        },
        (error: unknown) => this.#refuse(current.file, problemOf(error)),
      )
      .finally(() => this.#finishing.delete(finishing));
    this.#finishing.add(finishing);
    if (this.#finishing.size >= MAX_FINISHING) await Promise.race(this.#finishing);
  }

  async #discard(cause: Problem): Promise<void> {
    const current = this.#current;
    this.#current = undefined;
    await current?.upload.discard(cause);
  }

  #refuse(file: string | undefined, problem: Problem): void {
    this.#first ??= problem;
    if (problem.status >= 500) this.#failures.push(problem);
    this.#errors.add({
      code: problem.code,
      ...(file !== undefined && { file: file.slice(0, MAX_QUOTED_NAME).toWellFormed() }),
      detail: summarize(problem),
    });
  }
}

function problemOf(error: unknown): Problem {
  if (error instanceof MultipartError)
    return new Problem("invalid_multipart", error.message, { cause: error });
  return asProblem(error, "The server failed to save this file; its log has the details.");
}
