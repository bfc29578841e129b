/**
 * app.tsx: who is looking, and so which page: sign-in or the instrument.
 *
 * A link with `#signin=CODE` is used once: the code is taken out of the address bar before it is posted, so that it stays in
 * no history entry, and the rest of the link (the view) stays as it was.
 */
import { useEffect, useState } from "preact/hooks";
import type { SessionInfo } from "../core/api.ts";
import { ApiError } from "./api/client.ts";
import { readSession, signIn } from "./api/resources.ts";
import { InstrumentPage } from "./page.tsx";
import { SignIn } from "./panels/sign-in.tsx";
import { applyTheme } from "./theme.ts";
import { readAddress, signInCode, writeAddress } from "./view/address.ts";

type State =
  | { readonly kind: "connecting" }
  | { readonly kind: "signed-out"; readonly problem: string | null }
  | { readonly kind: "signed-in"; readonly session: SessionInfo };

export function App() {
  const [state, setState] = useState<State>({ kind: "connecting" });
  useEffect(() => {
    applyTheme(readAddress(location.hash).theme);
    openSession().then(setState, (error: unknown) => {
      setState({ kind: "signed-out", problem: error instanceof Error ? error.message : String(error) });
    });
  }, []);
  switch (state.kind) {
    case "connecting":
      return <p class="whole-page quiet">connecting …</p>;
    case "signed-out":
      return <SignIn problem={state.problem} onSession={(session) => setState({ kind: "signed-in", session })} />;
    case "signed-in":
      return (
        <InstrumentPage
          session={state.session}
          onSignedOut={() => setState({ kind: "signed-out", problem: "the session has ended" })}
        />
      );
  }
}

async function openSession(): Promise<State> {
  const code = signInCode(location.hash);
  if (code !== null) {
    const rest = writeAddress(readAddress(location.hash));
    history.replaceState(null, "", `${location.pathname}${location.search}${rest === "" ? "" : `#${rest}`}`);
    try {
      return { kind: "signed-in", session: await signIn({ code }) };
    } catch (error) {
      // A code works once; someone who reloads an old link may still have the session that it opened.
      if (!(error instanceof ApiError) || error.status >= 500 || error.status === 0) throw error;
      const session = await readSession();
      if (session !== null) return { kind: "signed-in", session };
      return { kind: "signed-out", problem: `the sign-in link did not work: ${error.message}` };
    }
  }
  const session = await readSession();
  return session === null ? { kind: "signed-out", problem: null } : { kind: "signed-in", session };
}
