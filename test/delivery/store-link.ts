/**
 * store-link.ts: a link between ingest and the engine that holds requests up, loses answers, or delivers a request long after its
 * sender has gone. It carries bytes of HTTP and looks only for the statement that a request begins with.
 */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** What befalls the next insert. */
export type Fate =
  | "pass"
  /** The engine commits; its answer is held back until the link is released. */
  | "answer late"
  /** The engine commits; the connection is cut where its answer would come. */
  | "answer lost"
  /** The request is held back until the link is released, even when its sender has gone: then the engine gets it. */
  | "request late";

export class StoreLink {
  #fate: Fate = "pass";
  #server: Server | undefined;
  #target = 0;
  readonly #sockets = new Set<Socket>();
  #held: (() => void)[] = [];
  /** Inserts that fate befell. */
  struck = 0;

  /** @returns the URL of this end */
  async open(engineUrl: string): Promise<string> {
    this.#target = Number(new URL(engineUrl).port);
    if (this.#server === undefined) {
      this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#carry(socket));
      await once(this.#server.listen(0, "127.0.0.1"), "listening");
    }
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  next(fate: Fate): void {
    this.#fate = fate;
  }

  /** Lets go what is held back. */
  release(): void {
    const held = this.#held;
    this.#held = [];
    for (const go of held) go();
  }

  async close(): Promise<void> {
    this.release();
    for (const socket of this.#sockets) socket.destroy();
    this.#server?.close();
    if (this.#server !== undefined) await once(this.#server, "close");
  }

  #carry(near: Socket): void {
    const far = connect(this.#target, "127.0.0.1");
    let fate: Fate = "pass";
    let gate = Promise.resolve();
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on("error", () => undefined).on("close", () => this.#sockets.delete(socket));
    }
    near.on("data", (chunk: Buffer) => {
      if (this.#fate !== "pass" && chunk.includes("INSERT+INTO+windows")) {
        fate = this.#fate;
        this.#fate = "pass";
        this.struck += 1;
        if (fate === "request late") gate = this.#hold();
      }
      void gate.then(() => far.write(chunk));
    });
    // Its sender has gone; what it sent still arrives, and its end after that, as on a network.
    near.on("close", () => {
      if (fate !== "request late") far.destroy();
    });
    far.on("data", (chunk: Buffer) => {
      if (fate === "answer lost") near.destroy();
      else if (fate === "answer late") void this.#hold().then(() => near.write(chunk));
      else near.write(chunk);
    });
    far.on("close", () => near.destroy());
  }

  #hold(): Promise<void> {
    return new Promise((resolve) => this.#held.push(resolve));
  }
}
