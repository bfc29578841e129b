/**
 * app.tsx: who is looking, and at which page: sign-in, the view, or one of the pages whose code comes when it is asked for.
 *
 * What an address says of signing in (view/arrival.ts) is taken out of the address bar before it is used, so that it stays in no
 * history entry; the rest of the link stays as it was, or becomes again what it was before the provider.
 */
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import type { SessionInfo } from "../core/api.ts";
import { ApiError } from "./api/client.ts";
import { hasSignedIn, noteSignedIn, readSession, signIn, takeWanted } from "./api/session.ts";
import { beginCatalogue } from "./api/use-catalogue.ts";
import { lazyPage } from "./lazy-page.tsx";
import type { PageProps } from "./page-props.ts";
import { InstrumentPage } from "./page.tsx";
import { SignIn } from "./panels/sign-in.tsx";
import { applyTheme } from "./theme.ts";
import { readAddress } from "./view/address.ts";
import { arrivalOf, refusalText, type Arrival } from "./view/arrival.ts";
import { leave, pageOf, type Page } from "./view/route.ts";

const BoardsPage = lazyPage<PageProps>(async () => (await import("./boards/boards-page.tsx")).BoardsPage);
const MeasurePage = lazyPage<PageProps>(async () => (await import("./instrument/instrument-page.tsx")).MeasurePage);
const CapacityPage = lazyPage<PageProps>(async () => (await import("./capacity/capacity-page.tsx")).CapacityPage);
const AlertsPage = lazyPage<PageProps>(async () => (await import("./alerts/alerts-page.tsx")).AlertsPage);
const FleetPage = lazyPage<PageProps>(async () => (await import("./fleet/fleet-page.tsx")).FleetPage);

const AGAIN_MS = 2000;

type State =
  | { readonly kind: "connecting" }
  /** No answer: not a reason to ask somebody for a token. */
  | { readonly kind: "unreachable"; readonly message: string }
  | { readonly kind: "signed-out"; readonly problem: string | null }
  | { readonly kind: "signed-in"; readonly session: SessionInfo };

export function App() {
  const [state, setState] = useState<State>({ kind: "connecting" });
  // Before a frame is drawn: it would only say that there is nothing yet.
  useLayoutEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const arrival = takeArrival();
    if (arrival === null && hasSignedIn() && pageOf(location.hash) === "view") beginCatalogue();
    applyTheme(readAddress(location.hash).theme);
    const open = (): void => {
      openSession(arrival).then(setState, (error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        setState({ kind: "unreachable", message });
        timer = setTimeout(open, AGAIN_MS);
      });
    };
    open();
    return () => clearTimeout(timer);
  }, []);
  switch (state.kind) {
    case "connecting":
      return <p class="whole-page quiet">connecting …</p>;
    case "unreachable":
      return (
        <p class="whole-page quiet" role="status">
          {state.message}; trying again
        </p>
      );
    case "signed-out":
      return <SignIn problem={state.problem} onSession={(session) => setState({ kind: "signed-in", session })} />;
    case "signed-in":
      return (
        <Routed
          session={state.session}
          onSignedOut={() => setState({ kind: "signed-out", problem: "the session has ended" })}
        />
      );
  }
}

function Routed(props: PageProps) {
  const page = usePageName();
  if (page === "boards") return <BoardsPage {...props} />;
  if (page === "instrument") return <MeasurePage {...props} />;
  if (page === "capacity") return <CapacityPage {...props} />;
  if (page === "alerts") return <AlertsPage {...props} />;
  if (page === "fleet" && props.session.role === "operator") return <FleetPage {...props} />;
  return <InstrumentPage {...props} />;
}

function usePageName(): Page {
  const [page, setPage] = useState(() => pageOf(location.hash));
  useEffect(() => {
    const read = (event: HashChangeEvent | PopStateEvent): void => {
      if ("oldURL" in event) leave(new URL(event.oldURL).hash);
      setPage(pageOf(location.hash));
    };
    addEventListener("hashchange", read);
    addEventListener("popstate", read);
    return () => {
      removeEventListener("hashchange", read);
      removeEventListener("popstate", read);
    };
  }, []);
  return page;
}

/** Out of the address bar before anything else happens; one who was at the provider is then where they had been before. */
function takeArrival(): Arrival {
  const { arrival, rest } = arrivalOf(location.hash);
  if (arrival === null) return null;
  const wanted = arrival.kind === "code" ? rest : takeWanted();
  history.replaceState(null, "", `${location.pathname}${location.search}${wanted}`);
  return arrival;
}

async function openSession(arrival: Arrival): Promise<State> {
  if (arrival?.kind === "refused") return { kind: "signed-out", problem: refusalText(arrival.code) };
  if (arrival?.kind === "back") noteSignedIn();
  if (arrival?.kind === "code") {
    try {
      return { kind: "signed-in", session: await signIn({ code: arrival.code }) };
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
