/**
 * use-colours.ts: the page's colours, which follow its theme and the system's.
 */
import { useEffect, useState } from "preact/hooks";
import { applyTheme, onSystemTheme, type Colours } from "./theme.ts";
import type { ThemeChoice } from "./view/view.ts";

export function useColours(choice: ThemeChoice): Colours {
  const [colours, setColours] = useState(() => applyTheme(choice));
  useEffect(() => {
    setColours(applyTheme(choice));
    return onSystemTheme(() => setColours(applyTheme(choice)));
  }, [choice]);
  return colours;
}
