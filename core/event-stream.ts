/**
 * event-stream.ts: server-sent events out of an answer's body (HTML standard, section 9.2), as Node's fetch has none of the browser's.
 *
 * Only what this product's servers write is read: lines end in LF, fields are followed by a space.
 */
import { piecesOf } from "./pieces.ts";

export interface ServerEvent {
  /** "message" where the event has no name. */
  readonly name: string;
  readonly data: string;
}

/**
 * Until the end of the body or the signal; comments and unknown fields are skipped.
 *
 * @param onPiece called for all that comes, heartbeats too: whoever sends it lives
 * @param maxCharacters of an event that is not yet whole
 * @throws the signal's reason; Error for an event that is too long
 */
export async function* eventsOf(
  response: Response,
  signal: AbortSignal,
  onPiece: () => void,
  maxCharacters = 16 * 1024 * 1024,
): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of piecesOf(response, signal)) {
    onPiece();
    const events = (text + decoder.decode(piece, { stream: true })).split("\n\n");
    text = events.pop() ?? "";
    if (text.length > maxCharacters) throw new Error("an event is too long");
    for (const event of events) yield readEvent(event);
  }
}

export function readEvent(event: string): ServerEvent {
  let name = "message";
  const data: string[] = [];
  for (const line of event.split("\n")) {
    if (line.startsWith("event: ")) name = line.slice("event: ".length);
    else if (line.startsWith("data: ")) data.push(line.slice("data: ".length));
  }
  return { name, data: data.join("\n") };
}
