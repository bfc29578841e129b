/**
 * static.ts: the built page. Its files carry a digest in their names and never change; index.html is asked for each time.
 */
import fastifyStatic from "@fastify/static";
import type { App } from "../server/http.ts";

export async function serveWeb(app: App, webDir: string): Promise<void> {
  await app.register(fastifyStatic, { root: webDir, serve: false });
  app.route({
    method: "GET",
    url: "/*",
    // The page and its parts hold no secrets: anybody may fetch them, and then has to sign in.
    config: { access: "public" },
    schema: { hide: true },
    handler: (request, reply) => {
      const path = (request.params as { "*": string })["*"];
      const immutable = path.startsWith("assets/");
      return reply.sendFile(path === "" ? "index.html" : path, {
        maxAge: immutable ? 31_536_000_000 : 0,
        immutable,
      });
    },
  });
}
