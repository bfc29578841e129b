/**
 * sign-in.tsx: a token pasted once, ours or the OpenID provider's, exchanged for a cookie.
 */
import { useState } from "preact/hooks";
import type { SessionInfo } from "../../core/api.ts";
import { signIn } from "../api/resources.ts";

interface Props {
  readonly problem: string | null;
  readonly onSession: (session: SessionInfo) => void;
}

export function SignIn(props: Props) {
  const [problem, setProblem] = useState(props.problem);
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
    <main class="whole-page">
      <form class="sign-in" onSubmit={submit}>
        <h1>Isotherm</h1>
        <label for="token">Token</label>
        <input id="token" name="token" type="password" autocomplete="off" spellcheck={false} required />
        <button type="submit" disabled={busy}>
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
    </main>
  );
}
