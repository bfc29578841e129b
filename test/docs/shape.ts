/**
 * shape.ts: whether what a command prints has the shape that the document shows: the same words around other numbers.
 *
 * Ids, names with numbers, quantities and bars become placeholders; a line `...` in the document stands for any lines. Order is not
 * compared: rows are sorted by what was measured.
 */

/** @returns lines of the document that nothing printed looks like */
export function unlike(shown: readonly string[], printed: string): string[] {
  const shapes = new Set(printed.split("\n").map(shapeOf));
  return shown.filter((line) => line.trim() !== "" && line.trim() !== "..." && !shapes.has(shapeOf(line)));
}

export function shapeOf(line: string): string {
  return line
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "<uuid>")
    .replace(/SHA256:[\w+/]+/g, "<fingerprint>")
    .replace(/\biso_\w+/g, "<token>")
    .replace(/\d{4}-\d\d-\d\d[T ][\d:.]+Z?/g, "<time>")
    .replace(/(?<![\w.])(?=[0-9a-f]*\d)[0-9a-f]{16}(?!\w)/g, "<id>")
    .replace(/~?(?:\/[\w.-]+)+\/?/g, "<path>")
    .replace(/(?<![\w.])[-+]?\d[\d,.]*(?:e-?\d+)?(?:[kMG](?![a-z])|(?= ?(?:ns|us|ms|s|%|B|KiB|MiB|GiB)\b))?/g, "<n>")
    .replace(/<n> ?(?:ns|us|ms|s|m|h|d|B|KiB|MiB|GiB|%)(?![\w])/g, "<n>")
    .replace(/\b([a-z]+)-\d+\b/g, "$1-<n>")
    .replace(/[|@ ]*@+[@ |]*/g, " <bar> ")
    .replace(/\s+/g, " ")
    .trim();
}
