/**
 * hosts-file.ts: lists of hosts in YAML, read by the configuration's own schema, and changed without touching what people
 * wrote around them: comments, order and spelling stay.
 */
import { Value } from "typebox/value";
import { isSeq, parseDocument, YAMLMap, YAMLSeq, type Document } from "yaml";
import type { InventoryHost } from "../collectors/inventory.ts";
import { InputError } from "../core/errors.ts";
import { HOSTS_FILE } from "./config-schema.ts";

/** @throws InputError in one line */
export function parseHosts(file: string, text: string): readonly InventoryHost[] {
  const list: unknown = documentOf(file, text).toJS();
  // A file that is being written is empty for a moment: that must not take all hosts away.
  if (list === null) throw wrong(file, "it is empty; an empty list is []");
  const [error] = Value.Errors(HOSTS_FILE, list);
  if (error !== undefined) {
    const at = error.instancePath.split("/").slice(1).join(".");
    throw wrong(
      file,
      `${at === "" ? "" : `host ${at}: `}${error.message}; expected a list of hosts as in collect.hosts`,
    );
  }
  return (list as (Partial<InventoryHost> & { name: string })[]).map((host) => ({
    port: 22,
    username: "root",
    platform: "smartos",
    ...host,
  }));
}

/**
 * The text with one host more.
 *
 * @param path where the list is: [] in a file that is a list, ["collect", "hosts"] in a configuration
 */
export function withHost(file: string, text: string, path: readonly string[], host: object): string {
  const document = documentOf(file, text);
  let list = listAt(document, path);
  if (list === undefined) {
    list = new YAMLSeq();
    if (path.length === 0) document.contents = list;
    else document.setIn(path, list);
  }
  list.flow = list.flow === true && list.items.length > 0;
  list.add(document.createNode(host));
  return document.toString({ lineWidth: 0 });
}

/** The text without a host; undefined where it is not in there. */
export function withoutHost(file: string, text: string, path: readonly string[], name: string): string | undefined {
  const document = documentOf(file, text);
  const list = listAt(document, path);
  const at = list?.items.findIndex((item) => item instanceof YAMLMap && item.get("name") === name) ?? -1;
  if (list === undefined || at < 0) return undefined;
  const { commentBefore } = list.items[at] as YAMLMap;
  list.delete(at);
  // What stands before the first host is about the list as well.
  if (at === 0 && commentBefore) keepComment(list.items[0], document, commentBefore);
  if (list.items.length === 0) list.flow = true;
  return document.toString({ lineWidth: 0 });
}

function keepComment(next: unknown, document: Document, comment: string): void {
  const place = next instanceof YAMLMap ? next : document;
  place.commentBefore = [comment, place.commentBefore].filter((each) => each).join("\n");
}

function listAt(document: Document, path: readonly string[]): YAMLSeq | undefined {
  const found: unknown = path.length === 0 ? document.contents : document.getIn(path);
  return isSeq(found) ? found : undefined;
}

function documentOf(file: string, text: string): Document {
  const document = parseDocument(text, { prettyErrors: true });
  const [error] = document.errors;
  if (error !== undefined) throw wrong(file, error.message.split("\n")[0] ?? "");
  return document;
}

function wrong(file: string, message: string): InputError {
  return new InputError(`read ${file}: ${message}`, [{ field: "hosts", code: "HOSTS_FILE", message }]);
}
