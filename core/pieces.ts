/**
 * pieces.ts: the body of an answer as it comes, which an abort ends for certain.
 *
 * Once the headers are there, fetch holds its own request only weakly: after a collection of garbage an abort no longer reaches a
 * body that is being read (seen with Node 20: a stream that had gone silent was waited for without end). Hence the body is
 * cancelled by hand.
 */
/** Until its end or the signal. @throws the signal's reason */
export async function* piecesOf(response: Response, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const cancel = (): void => void reader.cancel().catch(() => undefined);
  signal.addEventListener("abort", cancel);
  if (signal.aborted) cancel();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (signal.aborted) throw signal.reason;
      if (done) return;
      yield value;
    }
  } finally {
    signal.removeEventListener("abort", cancel);
    // Whoever stops reading early wants no more of it.
    cancel();
  }
}
