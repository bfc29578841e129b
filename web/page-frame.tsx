/**
 * page-frame.tsx: what the pages beside the view have in common: header, theme, the notice line, the ends of a session.
 */
import type { ComponentChildren } from "preact";
import { useCallback, useState } from "preact/hooks";
import type { TenantInfo } from "../core/api.ts";
import { ApiError } from "./api/client.ts";
import { signOut } from "./api/session.ts";
import type { PageProps } from "./page-props.ts";
import { Header, type Motion } from "./panels/header.tsx";
import { EVERYWHERE, Help, type KeyGroup } from "./panels/help.tsx";
import { useKeyboard } from "./panels/use-keyboard.ts";
import type { Range } from "./view/range.ts";
import type { Page, Shared } from "./view/route.ts";

interface Props extends PageProps {
  readonly page: Page;
  readonly shared: Shared;
  readonly tenants: readonly TenantInfo[];
  readonly motion?: Motion;
  readonly notice: string | null;
  readonly onNotice: (notice: string | null) => void;
  readonly onChange: (change: Partial<Shared>) => void;
  readonly onRange?: (range: Range) => void;
  readonly onPauseToggle?: () => void;
  /** Keys of the page itself, for the help that the frame has. */
  readonly help?: readonly KeyGroup[];
  /** The page has a help of its own, and its own keys for what is everywhere. */
  readonly onHelp?: () => void;
  readonly children: ComponentChildren;
}

export function PageFrame(props: Props) {
  const { page, session, shared, tenants, notice, onNotice, onSignedOut } = props;
  const { motion, onRange, onPauseToggle, help = [] } = props;
  const [helping, setHelping] = useState(false);
  const toggleHelp = (): void => setHelping(!helping);
  useKeyboard({
    u: () => props.onChange({ zone: shared.zone === "utc" ? "local" : "utc" }),
    ...(props.onHelp === undefined && {
      "?": toggleHelp,
      t: () => props.onChange({ theme: document.documentElement.dataset["theme"] === "dark" ? "light" : "dark" }),
      Escape: () => helping && setHelping(false),
    }),
  });
  return (
    <div class={`page page-${page}`}>
      <Header
        page={page}
        session={session}
        tenants={tenants}
        view={shared}
        onChange={props.onChange}
        {...(motion === undefined ? {} : { motion })}
        {...(onRange === undefined ? {} : { onRange })}
        {...(onPauseToggle === undefined ? {} : { onPauseToggle })}
        onHelp={props.onHelp ?? toggleHelp}
        onSignOut={() => void signOut().then(onSignedOut, (error: unknown) => onNotice(messageOf(error)))}
      />
      {notice !== null && (
        <p class="notice" role="alert">
          {notice}{" "}
          <button type="button" class="word" aria-label="dismiss" onClick={() => onNotice(null)}>
            ×
          </button>
        </p>
      )}
      {props.children}
      {helping && <Help groups={[...help, EVERYWHERE]} onClose={toggleHelp} />}
    </div>
  );
}

export interface Problems {
  readonly notice: string | null;
  readonly setNotice: (notice: string | null) => void;
  /** Tells of an error, or ends the session where the server has. */
  readonly fail: (error: unknown) => void;
}

export function useProblems(onSignedOut: () => void): Problems {
  const [notice, setNotice] = useState<string | null>(null);
  const fail = useCallback(
    (error: unknown) => {
      if (error instanceof ApiError && error.status === 401) onSignedOut();
      else setNotice(messageOf(error));
    },
    [onSignedOut],
  );
  return { notice, setNotice, fail };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
