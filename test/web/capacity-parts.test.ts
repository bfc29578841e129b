/**
 * The pure parts of the capacity page: what an address asks, what a forecast looks like, what it comes to in words, and turns.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { CapacityGrowth, GrowthItem, Outlook } from "../../core/capacity.ts";
import { pastOf, thinned } from "../../query-api/capacity/outlook.ts";
import { amountTicks, condensed, monthTicks, pictureOf, readingAt } from "../../web/capacity/forecast-picture.ts";
import { Turns } from "../../web/capacity/in-turn.ts";
import { DEFAULTS, NAMES, ownOf, readQuestion, type Question } from "../../web/capacity/question.ts";
import { FIRST_DRAFT, inputOf, lackOf, scheduleText } from "../../web/capacity/report-draft.ts";
import { reachesText, shortRefusal, summaryOf } from "../../web/capacity/words.ts";
import { addressOf } from "../../web/view/route.ts";
import { DEFAULT_VIEW } from "../../web/view/view.ts";

const DAY = 86_400;
const NOW = Date.UTC(2026, 10, 23) / 1000;

const known = (more: Partial<Outlook> = {}): Outlook => ({
  ...{ known: 1, sinceTs: NOW - 70 * DAY, past: Array.from({ length: 70 }, (_, i) => 100 + i), refused: null },
  ...{ form: "linear", level: 150, growth: { low: 20, mid: 30, high: 40 }, growthShare: null, confidence: 0.9 },
  ...{ horizonDays: 70, season: [], backTest: null },
  reaches: {
    limit: 200,
    reached: false,
    earliestTs: NOW + 20 * DAY,
    expectedTs: NOW + 30 * DAY,
    latestTs: NOW + 40 * DAY,
  },
  days: Array.from({ length: 60 }, (_, i) => ({ ts: NOW + i * DAY, low: 160 + i, mid: 170 + i, high: 180 + i })),
  ...more,
});
const refused = (code: string, message: string, more: Partial<Outlook> = {}): Outlook =>
  known({
    ...{ level: null, growth: null, horizonDays: null, reaches: null, days: [] },
    refused: { code, message },
    ...more,
  });
const item = (label: string, outlook: Outlook): GrowthItem => ({ key: label, label, limit: 200, ...outlook });
const growthOf = (...items: GrowthItem[]): CapacityGrowth => ({
  ...{
    resource: "cpu",
    by: "zone",
    unit: "%",
    keys: items.length,
    items,
    missing: [],
    fromTs: NOW - 70 * DAY,
    toTs: NOW,
  },
});

describe("an address of the page", () => {
  const read = (own: Partial<Question>, isOperator = true): Question =>
    readQuestion(new URLSearchParams(addressOf("capacity", DEFAULT_VIEW, ownOf(own)).slice(1)), isOperator);

  test("says nothing of what is as it is anyway, and carries everything else there and back", () => {
    assert.equal(addressOf("capacity", DEFAULT_VIEW, { ...ownOf(DEFAULTS), by: null }), "#page=capacity");
    const question: Question = {
      ...{ resource: "memory", by: "host", days: 90, ahead: 180, rank: "size", limit: 2 ** 35, item: "cn-01 a&b=c" },
      ...{ recent: 7, basis: "committed", size: { cpu: 50, memory: 0, disk: 5e9 }, work: [9, 17] },
      ...{ shape: "disks", shapeRange: [NOW - DAY, NOW], latency: "a1b2", q: 0.5 },
    };
    assert.deepEqual(read(question), question);
    const written = Object.keys(ownOf(question));
    assert.deepEqual([...written].sort(), [...NAMES].sort(), "nothing is written that the page would drop");
  });

  test("that is mistyped is read as far as it can be", () => {
    const typed = "resource=moon&days=1.5&ahead=9999&work=18-8&size=0,0,0&shaped=9-1&limit=-1&q=0.42";
    assert.deepEqual(readQuestion(new URLSearchParams(typed), true), DEFAULTS);
  });

  test("asks of hosts and devices for operators only", () => {
    assert.deepEqual(read({ resource: "pool", by: "device" }, false), DEFAULTS);
    assert.equal(read({ resource: "memory", by: "host" }, false).by, "zone");
    assert.equal(read({ resource: "pool" }).by, "device");
  });
});

describe("a forecast's picture", () => {
  const box = { left: 0, top: 0, width: 1300, height: 100 };
  const draw = (outlook: Outlook, limit: number | null = 200) =>
    pictureOf({ outlook, limit, unit: "%", toTs: NOW }, box, "utc");

  test("breaks the line where a day is not known, and hatches that day: it is no zero", () => {
    const past = [...known().past];
    past.splice(30, 2, null, null);
    const picture = draw(known({ past }));
    assert.deepEqual(picture.missing, [{ x: 300, width: 20 }]);
    assert.equal(picture.past.match(/M/g)?.length, 2);
    assert.ok(!picture.past.includes(" 100.0"), "nothing lies at the bottom");
    assert.deepEqual(readingAt({ outlook: known({ past }), limit: 200, unit: "%", toTs: NOW }, NOW - 39.5 * DAY), {
      ...{ kind: "past", ts: NOW - 40 * DAY, value: null },
    });
  });

  test("begins at zero, joins past and future at now, and marks where the band meets the limit", () => {
    const picture = draw(known());
    assert.deepEqual([picture.values[0]?.label, picture.values[0]?.at], ["0 %", 100]);
    assert.equal(picture.nowX, 700);
    assert.deepEqual(picture.meets, { x1: 900, x2: 1110, mid: 1005, isOpen: false });
    const open = draw(known({ reaches: { ...(known().reaches as NonNullable<Outlook["reaches"]>), latestTs: null } }));
    assert.deepEqual([open.meets?.x2, open.meets?.isOpen], [1300, true]);
  });

  test("leaves a limit that is far above out of its scale, and says so", () => {
    const { limit, meets } = draw(known(), 5000);
    assert.deepEqual([limit?.isAbove, limit?.y, limit?.text, meets], [true, 0, "5000 %", null]);
  });

  test("shows where one can be, where only time is lacking", () => {
    const outlook = refused("TOO_SHORT", "10.0 days of history, expected at least 35: four weeks", {
      ...{ sinceTs: NOW - 10 * DAY, past: new Array<number>(10).fill(5) },
    });
    const picture = draw(outlook);
    assert.equal(Math.round(((picture.readyX ?? 0) / 1300) * (picture.untilTs - picture.fromTs)), 35 * DAY);
    assert.equal(shortRefusal(outlook, "utc"), "no forecast: 10.0 days of history; from 2026-12-18 on");
    assert.equal(draw(refused("TOO_GAPPY", "60 % of the hours are known")).readyX, null);
  });

  test("has labels at begins of months, years where they change, and sizes in even units", () => {
    const ticks = monthTicks(NOW, NOW + 200 * DAY, 8, "utc");
    assert.deepEqual(
      ticks.map(({ label, year }) => `${label} ${year}`.trim()),
      ["Dec 2026", "Jan 2027", "Feb", "Mar", "Apr", "May", "Jun"],
    );
    assert.deepEqual(
      monthTicks(NOW, NOW + 10 * DAY, 6, "utc").map(({ label }) => label),
      ["23 Nov", "25 Nov", "27 Nov", "29 Nov", "1 Dec", "3 Dec"],
    );
    assert.deepEqual(
      amountTicks(22 * 2 ** 30, "bytes", 5).map(({ label }) => label),
      ["0 B", "5 GiB", "10 GiB", "15 GiB", "20 GiB"],
    );
  });

  test("condenses to what is greatest, and unknown only where all is", () => {
    assert.deepEqual(condensed([1, 5, null, 2, null, null], 3), [5, 2, null]);
  });
});

describe("in words", () => {
  test("who reaches the limit first comes first, with the band; names keep their letters", () => {
    const reached = known({ reaches: { limit: 1, reached: true, earliestTs: null, expectedTs: null, latestTs: null } });
    assert.equal(
      summaryOf(growthOf(item("web-1", known()), item("api", known())), "utc"),
      "web-1 reaches its CPU cap between 2026-12-13 and 2027-01-02; 1 more within 70 days.",
    );
    assert.equal(
      summaryOf(growthOf(item("a", reached), item("b", refused("TOO_SHORT", "short"))), "utc"),
      "a is at the limit already; 1 without a forecast.",
    );
    const far = known({ reaches: { limit: 1, reached: false, earliestTs: null, expectedTs: null, latestTs: null } });
    assert.equal(
      summaryOf(growthOf(item("a", far)), "utc"),
      "No zone is expected to reach its CPU cap within 70 days.",
    );
    assert.equal(
      summaryOf(growthOf(item("a", known({ reaches: null }))), "utc"),
      "no limit is known; 1 of 1 grow.".replace(/^no/, "No"),
    );
    const reaches = known().reaches as NonNullable<Outlook["reaches"]>;
    const may = known({ reaches: { ...reaches, expectedTs: null, latestTs: null } });
    assert.match(
      summaryOf(growthOf(item("a", may)), "utc"),
      /^No zone is expected .*; a may from 2026-12-13 on, but is not expected to\.$/,
    );
    assert.equal(summaryOf(growthOf(item("a", refused("NO_DATA", "nothing"))), "utc"), "No forecast yet of any zone.");
  });

  test("a limit that may never be reached is said to be so", () => {
    const reaches = known().reaches as NonNullable<Outlook["reaches"]>;
    assert.equal(reachesText(known({ reaches: { ...reaches, latestTs: null } }), "utc"), "2026-12-13 or later");
    assert.equal(reachesText(known({ reaches: { ...reaches, earliestTs: null } }), "utc"), "not in 70 d");
    assert.equal(reachesText(known({ reaches: null }), "utc"), "no limit known");
    assert.equal(reachesText(refused("STALE", "old"), "utc"), "no forecast");
  });

  test("a report's schedule is whole before it can be saved", () => {
    const scope = { tenant: null, rangeDays: 365, horizonDays: 180, items: 20 };
    assert.equal(lackOf(FIRST_DRAFT), "a name");
    assert.equal(lackOf({ ...FIRST_DRAFT, name: "m" }), null);
    assert.equal(lackOf({ ...FIRST_DRAFT, name: "m", every: "day" }), "a webhook that it is sent to");
    assert.equal(lackOf({ ...FIRST_DRAFT, name: "m", every: "day", hook: "h", at: "" }), "a time such as 06:00");
    const { schedule } = inputOf({ ...FIRST_DRAFT, name: " m ", every: "week", hook: "h" }, scope);
    assert.deepEqual(schedule, { every: "week", at: "06:00", weekday: 1, day: null });
    assert.equal(scheduleText(schedule), "every Monday at 06:00 UTC");
  });
});

describe("an outlook", () => {
  test("tells each day's busiest hour, from the end backwards; a day that lacks more than a quarter is not known", () => {
    const hours: (number | null)[] = Array.from({ length: 3 * 24 + 5 }, (_, i) => i);
    for (let i = 30; i < 36; i++) hours[i] = null;
    for (let i = 60; i < 67; i++) hours[i] = null;
    assert.deepEqual(pastOf(hours), [28, 52, null]);
    assert.deepEqual(pastOf([1, 2]), []);
  });

  test("of more than 60 days tells the busiest of each week, so that a weekend is not taken for all of them", () => {
    const days = Array.from({ length: 365 }, (_, i) => ({ ts: i, low: 0, mid: i % 7 === 3 ? 9 : 1, high: 9 }));
    const few = thinned(days);
    assert.equal(few.length, 53);
    assert.ok(few.slice(0, 52).every(({ mid }) => mid === 9));
    assert.deepEqual(thinned(days.slice(0, 60)), days.slice(0, 60));
    assert.deepEqual(thinned([]), []);
  });
});

test("turns are taken in order, two at a time; who has gone is passed over, and a failure hands its turn on", async () => {
  const turns = new Turns(2);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const gone = new AbortController();
  const take = (name: string, signal = new AbortController().signal): Promise<void> =>
    turns.take(() => {
      begun.push(name);
      return new Promise<void>((resolve, reject) =>
        ends.set(name, () => (name === "b" ? reject(new Error("no")) : resolve())),
      );
    }, signal);
  const all = [take("a"), take("b"), take("c", gone.signal), take("d"), take("e")];
  const settled = Promise.allSettled(all);
  assert.deepEqual(begun, ["a", "b"]);
  gone.abort();
  ends.get("b")?.();
  await all[1]?.catch(() => undefined);
  await new Promise(setImmediate);
  assert.deepEqual(begun, ["a", "b", "d"]);
  ends.get("a")?.();
  await all[0];
  await new Promise(setImmediate);
  assert.deepEqual(begun, ["a", "b", "d", "e"]);
  ends.get("d")?.();
  ends.get("e")?.();
  assert.deepEqual(
    (await settled).map(({ status }) => status),
    ["fulfilled", "rejected", "rejected", "fulfilled", "fulfilled"],
  );
});
