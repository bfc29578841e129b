/**
 * How commands, outputs and anchors are taken out of a document, and what counts as another output.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { anchorsOf, blocksOf, commandsOf, linksOf } from "./markdown.ts";
import { unlike } from "./shape.ts";

const FENCE = "```";

describe("a document's commands", () => {
  const rows: [name: string, text: string, commands: string[]][] = [
    ["a line each", "a\nb # why", ["a", "b # why"]],
    ["comments and empty lines are none", "# x\n\n  # y's\na", ["a"]],
    ["a backslash goes on", "a \\\n  b\nc", ["a \\\n  b", "c"]],
    ["an open quote goes on", "a '{\n}' b\nc", ["a '{\n}' b", "c"]],
    ["a pipe goes on", "a |\n  b\nc", ["a |\n  b", "c"]],
    ["a loop is one", "for x in 1; do\n  a\ndone\nb", ["for x in 1; do\n  a\ndone", "b"]],
    ["a here-document is one", "cat >f <<'END'\nit's\nEND\nb", ["cat >f <<'END'\nit's\nEND", "b"]],
  ];
  for (const [name, text, expected] of rows) {
    test(name, () => {
      const [block] = blocksOf(`# Title\n\n${FENCE}sh\n${text}\n${FENCE}\n`);
      assert.ok(block);
      assert.equal(block.line, 4);
      assert.deepEqual(
        commandsOf(block).map((command) => command.text),
        expected,
      );
    });
  }

  test("in a list they are less indented, and in a console block what follows is output", () => {
    const [block] = blocksOf(`1. x\n\n   ${FENCE}console\n   $ a\n   out 1\n   $ b\n   ${FENCE}\n`);
    assert.deepEqual(block && commandsOf(block), [
      { text: "a", line: 4, output: ["out 1"] },
      { text: "b", line: 6, output: [] },
    ]);
  });
});

describe("an output", () => {
  const shown = ["HOST   P99*", "web-0  97.1 ms  cn-01", "..."];
  test("is like another with other numbers, widths and order", () => {
    assert.deepEqual(unlike(shown, "web-3  1.2 us    cn-02\nHOST      P99*\n"), []);
  });
  test("is unlike one with another word, another column or none", () => {
    assert.deepEqual(unlike(shown, "HOST  P90*\nweb-0  97 ms  4 %  cn-01\n"), ["HOST   P99*", "web-0  97.1 ms  cn-01"]);
    assert.deepEqual(unlike(shown, ""), ["HOST   P99*", "web-0  97.1 ms  cn-01"]);
  });
});

test("anchors are GitHub's, and what stands in a block or in code is no link", () => {
  const text = `## 429 and 503\n\n## A \`key\`, twice\n\n## A key, twice\n\n${FENCE}sh\n# not this\n${FENCE}\n[x](a.md#b) \`[y](c.md)\``;
  assert.deepEqual([...anchorsOf(text)], ["429-and-503", "a-key-twice", "a-key-twice-1"]);
  assert.deepEqual(linksOf(text), ["a.md#b"]);
});
