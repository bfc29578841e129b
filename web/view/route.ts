/**
 * route.ts: which of the pages an address means, and what all of them share: range, tenant, theme and zone of time.
 *
 * An address without `page` is the view's, as links from before there were others are. A page's own parameters are its own
 * affair; following a link to another page takes what is shared along, and comes back to where one was.
 */
import { readAddress, writeAddress } from "./address.ts";
import { DEFAULT_VIEW, type View } from "./view.ts";

export const PAGES = ["view", "boards", "instrument", "alerts", "capacity", "fleet"] as const;
export type Page = (typeof PAGES)[number];

/** What a link to any page may carry. */
export type Shared = Pick<View, "range" | "tenant" | "theme" | "zone">;

/** Parameters of one page, by name; a list is written as often as it is long, null not at all. */
export type Own = Readonly<Record<string, string | readonly string[] | null>>;

export function pageOf(hash: string): Page {
  const page = new URLSearchParams(hash.replace(/^#/, "")).get("page");
  return PAGES.find((each) => each === page) ?? "view";
}

export function sharedOf(hash: string): Shared {
  const { range, tenant, theme, zone } = readAddress(hash);
  return { range, tenant, theme, zone };
}

/** @returns with `#` */
export function addressOf(page: Page, { range, tenant, theme, zone }: Shared, own: Own = {}): string {
  const common = writeAddress({ ...DEFAULT_VIEW, range, tenant, theme, zone });
  const parts = page === "view" ? [] : [`page=${page}`];
  if (common !== "") parts.push(common);
  for (const [name, value] of Object.entries(own)) {
    const values = value === null ? [] : typeof value === "string" ? [value] : value;
    for (const each of values) parts.push(`${name}=${encodeURIComponent(each)}`);
  }
  return `#${parts.join("&")}`;
}

const visited = new Map<Page, string>();

/** Notes where a page was left. */
export function leave(hash: string): void {
  visited.set(pageOf(hash), hash);
}

/** The address of a page: as it was left, but with what is shared as it is now. */
export function linkTo(page: Page, shared: Shared): string {
  const left = new URLSearchParams((visited.get(page) ?? "").replace(/^#/, ""));
  for (const name of ["page", "from", "to", "last", "tenant", "theme", "zone", "signin"]) left.delete(name);
  const own: Record<string, string[]> = {};
  for (const name of new Set(left.keys())) own[name] = left.getAll(name);
  return addressOf(page, shared, own);
}
