/** A file on its way to the desk. `fetch` does not tell how far it is; XMLHttpRequest does. */

import { type Shapes, csrfHeader, refused } from "./client.ts";
import { Problem } from "./problem.ts";

export type CaseFile = Shapes["FileAnswer"];

/** As `caseengine/operations/enclosing.py` has them; sizes in bytes. */
export const FILES_MAX = 10;
export const FILE_BYTES_MAX = 10 * 1024 * 1024;
export const TOGETHER_BYTES_MAX = 15 * 1024 * 1024;
/** A little longer than the desk itself waits. */
const UPLOAD_WITHIN_MS = 115_000;

/** Puts a file on a case.
 *
 * @param went is told which share of it has left, from 0 to 1.
 * @throws Problem
 */
export function upload(number: string, file: File, went: (share: number) => void, signal: AbortSignal): Promise<CaseFile> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const failed = (why: string) => () => reject(new Problem("network", 0, why));
    request.open("POST", `/api/cases/${encodeURIComponent(number)}/files?name=${encodeURIComponent(file.name)}`);
    request.timeout = UPLOAD_WITHIN_MS;
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    request.setRequestHeader(...csrfHeader());
    request.upload.onprogress = ({ loaded, total }) => went(total ? loaded / total : 0);
    request.onload = () => {
      if (request.status < 300) resolve(JSON.parse(request.responseText));
      else void refused(new Response(request.responseText, { status: request.status })).then(reject);
    };
    request.onerror = failed("no answer");
    request.ontimeout = failed("no answer in time");
    request.onabort = failed("left");
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(file);
  });
}
