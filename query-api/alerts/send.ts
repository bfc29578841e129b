/**
 * send.ts: one attempt to post to a target that has been checked: to that very address, signed, within the deadline.
 *
 * Node's own client is enough for it: what matters here (connect to a given address, verify the certificate for a given name, follow nothing,
 * read little) are options of it, and every retry is a row in the store, which a library's retry loop would not survive a restart with.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect as tcpConnect, isIP, type Socket } from "node:net";
import { connect as tlsConnect } from "node:tls";
import { errorChain, OperationalError } from "../../core/errors.ts";
import type { Target } from "./target.ts";

export const DEADLINE_MS = 3000;
export const MAX_BYTES = 65_536;

/** Opens the connection; tests put their own in its place, which sees the address. */
export type Connect = (address: string, port: number) => Socket;

export interface Post {
  readonly target: Target;
  readonly body: string;
  readonly secret: string;
  readonly idempotencyKey: string;
  readonly connect?: Connect | undefined;
  readonly deadlineMs?: number | undefined;
}

/**
 * Posts. The reply's body is read and forgotten.
 *
 * @throws OperationalError HOOK_REFUSED (`info.status`): another answer than 2xx; HOOK_FAILED: no answer in time
 */
export async function post({
  target,
  body,
  secret,
  idempotencyKey,
  connect,
  deadlineMs = DEADLINE_MS,
}: Post): Promise<void> {
  const { url, address, port } = target;
  const headers: Record<string, string | number> = {
    host: url.host,
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "user-agent": "isotherm",
    "idempotency-key": idempotencyKey,
    connection: "close",
  };
  if (secret !== "") headers["isotherm-signature"] = signature(secret, body, Math.floor(Date.now() / 1000));
  const isTls = url.protocol === "https:";
  const open = connect ?? ((to: string, at: number) => tcpConnect({ host: to, port: at }));
  const options: RequestOptions = {
    method: "POST",
    path: `${url.pathname}${url.search}`,
    headers,
    // No agent is named: beside one, createConnection is not asked.
    signal: AbortSignal.timeout(deadlineMs),
    // The address, and not the name: it could have another by now.
    createConnection: () => {
      const socket = open(address, port);
      const name = url.hostname.replace(/^\[|\]$/g, "");
      return isTls ? tlsConnect({ socket, ...(isIP(name) === 0 ? { servername: name } : { host: name }) }) : socket;
    },
  };
  let status: number;
  try {
    status = await exchange(isTls ? httpsRequest : httpRequest, options, body);
  } catch (cause) {
    const late = cause instanceof Error && (cause.name === "AbortError" || cause.name === "TimeoutError");
    throw new OperationalError(
      "HOOK_FAILED",
      late ? `send to a hook: no answer within ${DEADLINE_MS} ms` : "send to a hook",
      { cause },
    );
  }
  if (status >= 200 && status < 300) return;
  throw new OperationalError("HOOK_REFUSED", `send to a hook: the answer is ${status}`, { info: { status } });
}

function exchange(request: typeof httpRequest, options: RequestOptions, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(options, (response: IncomingMessage) => {
      // The status is the answer. Whoever then dawdles, or breaks off, has taken the message, and would be sent it again.
      resolve(response.statusCode ?? 0);
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_BYTES) response.destroy();
      });
      // What becomes of the rest is nobody's business; the deadline ends it.
      response.on("error", () => undefined);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** Whether an attempt that failed is worth another: not where the target is refused, or has understood and declined. */
export function isWorthRetrying(error: unknown): boolean {
  if (!(error instanceof OperationalError)) return true;
  if (error.code === "HOOK_TARGET") return false;
  const status = Number(error.info["status"] ?? 500);
  return status >= 500 || status === 408 || status === 429 || status < 400;
}

/** What is wrong with an attempt, for its owner: neither addresses nor what the target answered. */
export function problemOf(error: unknown): string {
  if (!(error instanceof OperationalError)) return "send to a hook";
  if (error.code !== "HOOK_FAILED") return error.message;
  const chain = errorChain(error.cause);
  const known = ["ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EHOSTUNREACH", "CERT", "certificate", "broke off"].find(
    (each) => chain.includes(each),
  );
  return known === undefined ? error.message : `${error.message}: ${known}`;
}

/** `t=UNIX,v1=HMAC-SHA256(secret, t + "." + body)`, hex. */
export function signature(secret: string, body: string, unix: number): string {
  const mac = createHmac("sha256", secret).update(`${unix}.${body}`).digest("hex");
  return `t=${unix},v1=${mac}`;
}

/**
 * What a receiver does: whether a header is a signature of the body, made within `toleranceSec` of now. docs/alerts.md shows it to those
 * who write receivers.
 */
export function isSigned(header: string, secret: string, body: string, nowSec: number, toleranceSec = 300): boolean {
  const parts = new Map(header.split(",").map((part) => part.split("=", 2) as [string, string]));
  const unix = Number(parts.get("t"));
  if (!Number.isInteger(unix) || Math.abs(nowSec - unix) > toleranceSec) return false;
  const given = Buffer.from(parts.get("v1") ?? "", "hex");
  const right = createHmac("sha256", secret).update(`${unix}.${body}`).digest();
  return given.length === right.length && timingSafeEqual(given, right);
}
