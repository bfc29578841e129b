/**
 * markdown.ts: what of a document can be checked: fenced blocks, the commands in them with what they are shown to print, headings
 * as anchors, links.
 */
import { spawnSync } from "node:child_process";

export interface Block {
  /** First word after the fence: sh, console, yaml, json, ... "" where there is none. */
  readonly language: string;
  /** What follows it: in docs/writing-a-metric.md, the file that the block is. */
  readonly meta: string;
  readonly text: string;
  /** Of its first line, from 1. */
  readonly line: number;
}

export interface ShellCommand {
  readonly text: string;
  readonly line: number;
  /** What the document shows of its output; empty: nothing. */
  readonly output: readonly string[];
}

export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  const lines = markdown.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const [, indent = "", fence = "", info = ""] = /^( *)(`{3,})(.*)$/.exec(lines[i] ?? "") ?? [];
    if (fence === "") continue;
    const from = i + 1;
    do i++;
    while (i < lines.length && lines[i]?.trim() !== fence);
    const text = lines.slice(from, i).map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
    const [language = "", ...meta] = info.trim().split(/\s+/);
    blocks.push({ language, meta: meta.join(" "), text: text.join("\n"), line: from + 1 });
  }
  return blocks;
}

/** A `sh` block is commands alone; in a `console` block they begin with `$ `, and what follows one is its output. */
export function commandsOf({ language, text, line }: Block): ShellCommand[] {
  const commands: { text: string; line: number; output: string[] }[] = [];
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const first = lines[i] ?? "";
    const isCommand = language === "console" ? first.startsWith("$ ") : !/^\s*(#.*)?$/.test(first);
    if (!isCommand) {
      if (language === "console") commands.at(-1)?.output.push(first);
      continue;
    }
    const at = line + i;
    let command = language === "console" ? first.slice(2) : first;
    while (isUnfinished(command) && i + 1 < lines.length) command += `\n${lines[++i] ?? ""}`;
    commands.push({ text: command, line: at, output: [] });
  }
  return commands;
}

/** Whether a shell would ask for another line: it cannot parse what it has, or a backslash or a here-document is open. */
function isUnfinished(command: string): boolean {
  const [, , word = ""] = /<<(['"]?)(\w+)\1/.exec(command) ?? [];
  if (word !== "" && !new RegExp(`\\n${word}$`).test(command)) return true;
  return command.endsWith("\\") || spawnSync("bash", ["-n", "-c", command]).status !== 0;
}

/** As GitHub makes them: lower case, without punctuation, hyphens for spaces, a number after the second of a name. */
export function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of withoutBlocks(markdown).matchAll(/^#{1,6} +(.+?)\s*$/gm)) {
    const base = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replace(/\s/g, "-");
    let name = base;
    for (let n = 1; anchors.has(name); n++) name = `${base}-${n}`;
    anchors.add(name);
  }
  return anchors;
}

/** Targets of links and pictures, as they stand. */
export function linksOf(markdown: string): string[] {
  const prose = withoutBlocks(markdown).replace(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^()\s]+)\)/g)].map(([, target = ""]) => target);
}

function withoutBlocks(markdown: string): string {
  return markdown.replace(/^( *)(`{3,})[\s\S]*?^ *\2$/gm, "");
}
