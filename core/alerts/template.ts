/**
 * template.ts: annotations: text with places for what is known of an alert.
 *
 *   {{ labels.zonename }}  a label, the alert's own and the rule's; "" where there is none
 *   {{ value }}  {{ threshold }}  as people read them, with unit       {{ rawValue }}  the number
 *   {{ name }}  {{ key }}  {{ window }}  {{ breakdown }}  {{ coverage }}
 *
 * A place that is not one of these is refused when the rule is read, and not left standing in somebody's pager. There are no
 * expressions: what a tenant writes is never run.
 */

const PLACE = /\{\{([^{}]*)\}\}/g;
const LABEL = /^labels\.([a-zA-Z_][a-zA-Z0-9_]*)$/;
export const PLACES = ["value", "rawValue", "threshold", "name", "key", "window", "breakdown", "coverage"] as const;

export type Facts = Readonly<Record<(typeof PLACES)[number], string>> & {
  readonly labels: Readonly<Record<string, string>>;
};

/** What is wrong with a template, in words; undefined: nothing. */
export function templateProblem(template: string): string | undefined {
  for (const [, inner = ""] of template.matchAll(PLACE)) {
    const place = inner.trim();
    if (LABEL.test(place) || PLACES.some((each) => each === place)) continue;
    return `expected labels.NAME, ${PLACES.join(", ")} between {{ and }}, not ${JSON.stringify(place.slice(0, 40))}`;
  }
  const rest = template.replace(PLACE, "");
  return rest.includes("{{") || rest.includes("}}") ? "expected each {{ to have its }}" : undefined;
}

/** What a place is filled with is somebody's name, maybe of kilobytes, and a template may have eighty places. */
export const MAX_FILLED = 2000;

/** A letter that was cut in two. */
const HALF = /[\uD800-\uDBFF]$/;

/** Fills the places of a template; what it is filled with is never read as a template itself. What is too long is cut, and ends in "…". */
export function fill(template: string, facts: Facts): string {
  const filled = filledOf(template, facts);
  return filled.length <= MAX_FILLED ? filled : `${filled.slice(0, MAX_FILLED - 1).replace(HALF, "")}…`;
}

function filledOf(template: string, facts: Facts): string {
  return template.replace(PLACE, (_all, inner: string) => {
    const place = inner.trim();
    const label = LABEL.exec(place)?.[1];
    if (label !== undefined) return Object.hasOwn(facts.labels, label) ? (facts.labels[label] ?? "") : "";
    const known = PLACES.find((each) => each === place);
    return known === undefined ? "" : facts[known];
  });
}
