/**
 * closers.ts: what has been started, ended in reverse order and once.
 */
type Closer = () => Promise<void> | void;

export class Closers {
  readonly #closers: Closer[] = [];
  #closing: Promise<void> | undefined;

  add(closer: Closer): void {
    this.#closers.push(closer);
  }

  /** All are tried, also after one has failed. @throws the first failure */
  close(): Promise<void> {
    return (this.#closing ??= this.#run());
  }

  async #run(): Promise<void> {
    let failure: unknown;
    for (const closer of this.#closers.reverse()) {
      try {
        await closer();
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
  }
}
