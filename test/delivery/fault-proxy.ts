/**
 * fault-proxy.ts: what a bad network does to a connection, between a collector and ingest.
 *
 *   pass        nothing                        blackhole    takes all and answers nothing
 *   reset       RST at once                    half_close   ends its side at once, and passes nothing
 *   lose_reply  ingest gets the request; the reply is lost, then RST
 *   cut_reply   the first half of the reply, then the end
 */
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

export type Fault = "pass" | "reset" | "blackhole" | "half_close" | "lose_reply" | "cut_reply";

export class FaultProxy {
  fault: Fault = "pass";
  /** How many connections met each fault. */
  readonly met = new Map<Fault, number>();
  readonly #server: Server;
  readonly #open = new Set<Socket>();

  static async listen(toPort: number): Promise<FaultProxy> {
    const proxy = new FaultProxy(toPort);
    await new Promise<void>((done) => proxy.#server.listen(0, "127.0.0.1", done));
    return proxy;
  }

  private constructor(toPort: number) {
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#take(client, toPort));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get connections(): number {
    return this.#open.size;
  }

  /** Connections that are open meet the new fault with their next bytes. */
  set(fault: Fault): void {
    this.fault = fault;
    if (fault === "reset") for (const socket of this.#open) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await new Promise((done) => this.#server.close(done));
  }

  #take(client: Socket, toPort: number): void {
    this.#open.add(client);
    client.on("close", () => this.#open.delete(client));
    client.on("error", () => undefined);
    if (this.fault === "reset") {
      this.#meet();
      client.resetAndDestroy();
      return;
    }
    const ingest = connect(toPort, "127.0.0.1");
    ingest.on("error", () => client.destroy());
    client.on("close", () => ingest.destroy());
    client.on("data", (bytes: Buffer) => {
      if (this.fault === "pass") ingest.write(bytes);
      else this.#request(client, ingest, bytes);
    });
    client.on("end", () => ingest.end());
    ingest.on("data", (bytes: Buffer) => this.#reply(client, bytes));
    ingest.on("end", () => client.end());
  }

  #request(client: Socket, ingest: Socket, bytes: Buffer): void {
    if (this.fault === "lose_reply" || this.fault === "cut_reply") ingest.write(bytes);
    else {
      this.#meet();
      if (this.fault === "half_close") client.end();
      if (this.fault === "reset") client.resetAndDestroy();
    }
  }

  #reply(client: Socket, bytes: Buffer): void {
    if (this.fault === "lose_reply") {
      this.#meet();
      client.resetAndDestroy();
    } else if (this.fault === "cut_reply") {
      this.#meet();
      client.write(bytes.subarray(0, bytes.length >> 1), () => client.destroy());
    } else if (this.fault === "pass") client.write(bytes);
  }

  #meet(): void {
    this.met.set(this.fault, (this.met.get(this.fault) ?? 0) + 1);
  }
}
