/**
 * page-props.ts: what every page gets.
 */
import type { SessionInfo } from "../core/api.ts";

export interface PageProps {
  readonly session: SessionInfo;
  /** The server does not know the session any more. */
  readonly onSignedOut: () => void;
}
