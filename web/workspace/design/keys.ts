/** Shortcuts of a page: Alt and a letter; on a Mac, where Option writes characters, Control and Option. */

import { useEffect } from "react";

export const ON_MAC = /Mac|iPhone|iPad/.test(navigator.platform);

/** While this is shown, and no dialog is open. A letter whose act is false does nothing. */
export function useKeys(acts: Record<string, false | (() => void)>): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const meant = event.altKey && event.ctrlKey === ON_MAC && !event.metaKey;
      const act = meant && acts[event.code.replace("Key", "").toLowerCase()];
      if (!act || document.querySelector("[role=dialog]")) return;
      event.preventDefault();
      act();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  });
}
