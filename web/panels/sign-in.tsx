/**
 * sign-in.tsx: by way of the OpenID provider, where there is one that knows this site; or a token pasted once, ours or the
 * provider's. Either ends in a cookie.
 *
 * It is drawn once it is known which ways there are, so that nothing moves under a hand.
 */
import { useEffect, useState } from "preact/hooks";
import type { SessionInfo, SignInWays } from "../../core/api.ts";
import { noteWanted, PROVIDER_START, readWays, signIn } from "../api/session.ts";
import { useColours } from "../use-colours.ts";
import { readAddress } from "../view/address.ts";

interface Props {
  readonly problem: string | null;
  readonly onSession: (session: SessionInfo) => void;
}

export function SignIn(props: Props) {
  const [ways, setWays] = useState<SignInWays | null>(null);
  useColours(readAddress(location.hash).theme);
  useEffect(() => {
    // Whatever is the matter, a token can be tried.
    readWays().then(setWays, () => setWays({ oidc: null }));
  }, []);
  if (ways === null) return <p class="whole-page quiet">connecting …</p>;
  return (
    <main class="whole-page">
      <div class="sign-in">
        <h1>Isotherm</h1>
        {props.problem !== null && (
          <p class="problem" role="alert">
            {props.problem}
          </p>
        )}
        {ways.oidc !== null && (
          <a class="action" href={PROVIDER_START} onClick={noteWanted}>
            sign in with {ways.oidc.name}
          </a>
        )}
        <TokenForm {...props} isFirst={ways.oidc === null} />
      </div>
    </main>
  );
}

function TokenForm(props: Props & { readonly isFirst: boolean }) {
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const token = new FormData(event.currentTarget as HTMLFormElement).get("token");
    if (typeof token !== "string" || token.trim() === "") return;
    setBusy(true);
    setProblem(null);
    signIn({ token: token.trim() }).then(props.onSession, (error: unknown) => {
      setBusy(false);
      setProblem(error instanceof Error ? error.message : String(error));
    });
  };
  return (
    <form onSubmit={submit}>
      <label for="token">{props.isFirst ? "Token" : "or with a token"}</label>
      <input id="token" name="token" type="password" autocomplete="off" spellcheck={false} required />
      <button type="submit" class={props.isFirst ? "action" : "action other"} disabled={busy}>
        {busy ? "signing in …" : "sign in"}
      </button>
      <p class="problem" role="alert">
        {problem}
      </p>
      <p class="quiet">
        Whoever runs this service gives out tokens; where it knows an OpenID provider, that one’s (a JWT) will do. The
        demo prints a link that needs none.
      </p>
    </form>
  );
}
