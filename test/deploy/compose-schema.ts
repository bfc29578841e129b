/**
 * compose-schema.ts: what a compose file of ours may say: the parts of the Compose specification that we use, and no others, so that
 * a key that is misspelt or in the wrong place is found without an engine.
 *
 * Source: the Compose specification (compose-spec: services, networks, volumes, configs, secrets), written down by us.
 */
import { Type, type TProperties } from "typebox";

const strict = <T extends TProperties>(properties: T) => Type.Object(properties, { additionalProperties: false });
const text = Type.String({ minLength: 1 });
const duration = Type.String({ pattern: "^(\\d+(h|m|s|ms))+$" });
const list = Type.Array(text, { minItems: 1 });

const SERVICE = strict({
  // An image has a tag, and not the one that moves.
  image: Type.String({ pattern: "^[a-z0-9./-]+:(?!latest$)[A-Za-z0-9._-]+$" }),
  command: Type.Optional(list),
  init: Type.Optional(Type.Boolean()),
  restart: Type.Optional(
    Type.Union([
      Type.Literal("no"),
      Type.Literal("always"),
      Type.Literal("on-failure"),
      Type.Literal("unless-stopped"),
    ]),
  ),
  read_only: Type.Optional(Type.Boolean()),
  cap_drop: Type.Optional(list),
  security_opt: Type.Optional(list),
  tmpfs: Type.Optional(list),
  networks: list,
  ports: Type.Optional(Type.Array(Type.String({ pattern: "^127\\.0\\.0\\.1:\\d+:\\d+$" }))),
  volumes: Type.Optional(Type.Array(Type.String({ pattern: "^[^:]+:/[^:]+(:ro)?$" }))),
  environment: Type.Optional(Type.Record(Type.String({ pattern: "^[A-Z_]+$" }), text)),
  secrets: Type.Optional(list),
  configs: Type.Optional(Type.Array(strict({ source: text, target: Type.String({ pattern: "^/" }) }))),
  ulimits: Type.Optional(strict({ nofile: strict({ soft: Type.Integer(), hard: Type.Integer() }) })),
  healthcheck: Type.Optional(
    strict({ test: Type.Array(text, { minItems: 2 }), interval: duration, timeout: duration, retries: Type.Integer() }),
  ),
  depends_on: Type.Optional(
    Type.Record(
      text,
      strict({
        condition: Type.Union([
          Type.Literal("service_started"),
          Type.Literal("service_healthy"),
          Type.Literal("service_completed_successfully"),
        ]),
      }),
    ),
  ),
  stop_grace_period: Type.Optional(duration),
  logging: Type.Optional(strict({ driver: text, options: Type.Record(text, text) })),
});

const fromFile = strict({ file: Type.String({ pattern: "^\\./" }) });

/** Of a file whose `x-` keys are taken out and whose merge keys are resolved. */
export const COMPOSE = strict({
  name: text,
  services: Type.Record(Type.String({ pattern: "^[a-z]+$" }), SERVICE),
  configs: Type.Record(text, fromFile),
  secrets: Type.Record(text, fromFile),
  volumes: Type.Record(text, Type.Null()),
  networks: Type.Record(text, Type.Union([Type.Null(), strict({ internal: Type.Boolean() })])),
});
