/** A value that follows another once that has stood still: what is typed asks the desk in pauses, not at every letter. */

import { useEffect, useState } from "react";

export function useLate<Value>(value: Value, after_ms: number): Value {
  const [late, follow] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => follow(value), after_ms);
    return () => clearTimeout(timer);
  }, [value, after_ms]);
  return late;
}
