/**
 * driver.js: one grid, drawn and moved by one library, timed in the same way for all of them.
 *
 * A time ends with the task after the first animation frame in which everything was drawn: then the frame has been handed on. It
 * begins at a frame, so that none is lucky.
 */

/** A frame later, with its drawing done. */
const presented = () =>
  new Promise((resolve) =>
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = resolve;
      port2.postMessage(null);
    }),
  );

/** mulberry32: the same grid for every library. */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Two modes and a tail, with empty cells between them, as latencies have. */
function makeColumn(rows, random) {
  const column = new Float64Array(rows);
  const peak = 0.25 + 0.05 * random();
  for (let row = 0; row < rows; row++) {
    const at = row / rows;
    const expected = 900 * Math.exp(-(((at - peak) / 0.07) ** 2)) + 60 * Math.exp(-(((at - 0.6) / 0.09) ** 2)) + 0.4;
    column[row] = Math.floor(expected * (0.6 + 0.8 * random()) + (random() < 0.2 ? 1 : 0));
  }
  return column;
}

/**
 * @param prepare makes of a grid (columns, oldest first, each from the lowest row up) what the library takes; not timed
 * @param make draws that into an element, and answers, when all is drawn, with a function that draws another in its place
 */
export function bench(prepare, make) {
  window.bench = async ({ columns, rows, width, height, ticks, limitMs }) => {
    const random = generator(7);
    let grid = Array.from({ length: columns }, () => makeColumn(rows, random));
    const host = document.createElement("div");
    host.style.width = `${width}px`;
    host.style.height = `${height}px`;
    document.body.append(host);
    const input = prepare(grid, host);
    await presented();
    const startedMs = performance.now();
    const draw = await make(host, input);
    await presented();
    const firstMs = performance.now() - startedMs;
    const scripts = [];
    let elapsedMs = 0;
    while (scripts.length < ticks && elapsedMs < limitMs) {
      grid = [...grid.slice(1), makeColumn(rows, random)];
      const next = prepare(grid, host);
      const tickMs = performance.now();
      await draw(next);
      scripts.push(performance.now() - tickMs);
      await presented();
      elapsedMs += performance.now() - tickMs;
    }
    return { firstMs, scripts, elapsedMs };
  };
}
