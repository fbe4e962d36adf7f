// PUT and POST /s/{token}/files/…, and /s/{token}/uploads: uploads to a drop. Each visit has a folder of its own, so that nothing is learned about others.

import { Elysia, t } from "elysia";
import { checkSender, folderOfVisit, newVisit } from "../../access/links/visit.ts";
import { serverTiming } from "../../core/report/flow-report.ts";
import { Problem } from "../../errors.ts";
import { filenameOf } from "../../http/disposition/disposition.ts";
import { invalidHeader } from "../../http/invalid-header.ts";
import {
  below,
  checkFolderPath,
  type FilePath,
  FilePathParam,
  type FolderPath,
  FolderPathParam,
  ROOT,
} from "../../path.ts";
import { access, proveWrite } from "../../plugins/access.ts";
import { json, problems, UPLOAD_PROBLEMS } from "../openapi/answers.ts";
import { requestHeaders } from "../openapi/headers.ts";
import { DroppedFile, DroppedFiles } from "../openapi/link-shapes.ts";
import { boundaryIn, formAnswer, receiveForm } from "../support/form-body.ts";
import type { BunServer } from "../support/idle-timeout.ts";
import { jsonAnswer } from "../support/json-answer.ts";
import { permitUpload } from "../support/permit-upload.ts";
import { announcedSize, type HeaderOptions, receiveFile, uploadRequest } from "../support/request-body.ts";
import type { Services } from "../support/services.ts";
import type { AnswerHeaders } from "../uploads/dialect.ts";
import { type DropPlace, droppedFile } from "../uploads/drop-place.ts";
import { LINK_PROBLEMS, openLink, rememberVisit } from "./opened-link.ts";
import { Token } from "./visiting.ts";

/** Problems of every upload to a drop. */
export const DROP_PROBLEMS = [...UPLOAD_PROBLEMS, ...LINK_PROBLEMS, "link_full"] as const;
/** `?from=`, for programs. */
export const Sender = t.Optional(t.String({ maxLength: 200, description: "The name of the sender" }));

export function dropping(services: Services) {
  return new Elysia({ name: "link-dropping" })
    .use(access(services))
    .put(
      "/s/:token/files/*",
      async ({ request, server, params, query, set }) => {
        const drop = await openDrop(services, request, set, params.token, query.from);
        const intent = dropOptions(request, drop.folder);
        return await saveInDrop(services, request, server, drop, below(drop.folder, params["*"]), intent);
      },
      {
        parse: "none",
        allow: "link",
        params: t.Object({ ...Token.properties, "*": FilePathParam }),
        query: t.Object({ from: Sender }),
        response: {
          201: json(DroppedFile, { description: "The file was saved", headers: ["Server-Timing"] }),
          ...problems(...DROP_PROBLEMS),
        },
        detail: {
          operationId: "putLinkFile",
          summary: "Save a file in a drop",
          description:
            "The file goes into a folder for this visit. The answer tells nothing about other files. Conditions and `conflict` are refused.",
          tags: ["Links"],
          parameters: requestHeaders("Repr-Digest", "Content-Digest", "X-OC-Mtime"),
          requestBody: {
            required: true,
            content: { "application/octet-stream": { schema: { type: "string", format: "binary" } } },
          },
        },
      },
    )
    .post(
      "/s/:token/files/*",
      async ({ request, server, params, query, set }) => {
        const drop = await openDrop(services, request, set, params.token, query.from);
        const folder = params["*"] === ROOT ? drop.folder : checkFolderPath(below(drop.folder, params["*"]));
        const intent = dropOptions(request, drop.folder);
        const boundary = boundaryIn(request);
        if (boundary === null) {
          const name = query.name ?? filenameOf(request.headers.get("content-disposition"));
          if (name === null)
            throw new Problem("missing_name", "The file has no name: send ?name=photo.jpg, or a form.");
          return await saveInDrop(services, request, server, drop, below(folder, name), intent);
        }
        const result = await receiveForm(services, request, server, {
          folder,
          boundary,
          intent,
          permit: (path) => permitUpload(services, request, path, undefined),
          allow: drop.allow(null),
        });
        return formAnswer(request, result, (file) => droppedFile(file, drop.receipt));
      },
      {
        parse: "none",
        allow: "link",
        params: t.Object({ ...Token.properties, "*": FolderPathParam }),
        query: t.Object({ from: Sender, name: t.Optional(t.String({ description: "Name of the file" })) }),
        response: {
          201: json(t.Union([DroppedFile, DroppedFiles]), {
            description: "One file, or all files of a form",
            headers: ["Server-Timing"],
          }),
          207: json(DroppedFiles, {
            description: "Some files of a form were saved; `errors` explains the others",
          }),
          ...problems(...DROP_PROBLEMS, "missing_name", "no_files", "invalid_multipart", "too_many_files"),
        },
        detail: {
          operationId: "postLinkFiles",
          summary: "Save the files of a form in a drop",
          description: "File names may contain folders.",
          tags: ["Links"],
          requestBody: {
            required: true,
            content: {
              "multipart/form-data": {
                schema: {
                  type: "object",
                  required: ["file"],
                  properties: { file: { type: "array", items: { type: "string", format: "binary" } } },
                },
              },
              "application/octet-stream": { schema: { type: "string", format: "binary" } },
            },
          },
        },
      },
    );
}

/**
 * Opens a drop, and remembers the visit.
 * @param from the name of the sender, which begins another visit if the visit had another one
 * @throws Problem link_gone, link_password, not_found
 */
export async function openDrop(
  services: Services,
  request: Request,
  set: AnswerHeaders,
  token: string,
  from: string | undefined,
): Promise<DropPlace> {
  const { link, visit: known } = await openLink(services, request, token);
  if (link.kind !== "drop") throw new Problem("not_found", "This link takes no files.");
  const name = from === undefined ? known.name : checkSender(from);
  const visit =
    name === known.name ? known : { ...newVisit(services.access.now()), name, unlocked: known.unlocked };
  rememberVisit(services, request, set, token, link, visit);
  return {
    folder: checkFolderPath(below(link.path, folderOfVisit(visit))),
    receipt: visit.id,
    allow: (size) => () => services.links.budgets.claim(link, size),
  };
}

/** Saves the body as one file of a drop. Hooks are asked when the body is received. @throws Problem */
async function saveInDrop(
  services: Services,
  request: Request,
  server: BunServer,
  { receipt, allow }: DropPlace,
  path: FilePath,
  intent: HeaderOptions,
): Promise<Response> {
  const { result } = await receiveFile(services, request, server, {
    ...intent,
    may: proveWrite(request, path),
    path,
    allow: allow(announcedSize(request) ?? null),
  });
  return jsonAnswer(droppedFile(result.file, receipt), 201, {
    "server-timing": serverTiming(result.file.flow),
  });
}

/** The options of an upload to a drop. A key of one visit is none of another one. @throws Problem invalid_request */
function dropOptions(request: Request, folder: FolderPath): HeaderOptions {
  refuseConditions(request);
  const { key, ...options } = uploadRequest(request, "rename");
  return { ...options, ...(key !== undefined && { key: `${folder}\n${key}` }) };
}

/** A condition would tell whether others have sent a file. @throws Problem invalid_request */
export function refuseConditions({ headers }: Request): void {
  const found = ["if-match", "if-none-match", "if-unmodified-since", "if-modified-since"].find((name) =>
    headers.has(name),
  );
  if (found === undefined) return;
  throw invalidHeader(
    found,
    `This link is for uploads only, and takes no conditions: send the file without ${found}.`,
  );
}
