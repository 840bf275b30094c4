/** Who else gets a mail: the browser itself says which of them is no address. */

import { type ReactNode } from "react";
import { word } from "../words/words.ts";

export function Addresses(): ReactNode {
  return (
    <div className="copies">
      <label>
        {word("mail.cc")}
        <input type="email" name="cc" multiple maxLength={2000} autoComplete="off" dir="ltr" />
      </label>
      <label>
        {word("mail.bcc")}
        <input type="email" name="bcc" multiple maxLength={2000} autoComplete="off" dir="ltr" />
      </label>
    </div>
  );
}

/** Those named in a field, with commas between. */
export function addresses(given: FormData, name: string): string[] {
  return String(given.get(name) ?? "")
    .split(",")
    .map((one) => one.trim())
    .filter(Boolean);
}
