/**
 * Completion in the shells themselves: what bash, zsh and fish do when somebody presses Tab, with the program's own commands.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Command } from "commander";
import { completionScript, SHELLS } from "../../cli/completion.ts";
import { hostCommand } from "../../cli/host-command.ts";
import { watchCommand } from "../../cli/watch.ts";

const missing = (shell: string): string | false =>
  existsSync(`/usr/bin/${shell}`) || existsSync(`/bin/${shell}`)
    ? false
    : `NO ${shell} ON THIS MACHINE: only the text of its completion is tested`;

/** Presses Tab in an interactive zsh on a terminal of its own, and has it show its line. */
const ZSH = `
zmodload zsh/zpty
zpty inner zsh -f -i
zpty -w inner "stty -echo; PS1=; unsetopt beep list_beep; autoload -Uz compinit; compinit -u -D; source $1
  show() { print -r -- \\"<\\$BUFFER>\\" }; zle -N show; bindkey '^X' show; print rea''dy"
zpty -r -m inner seen '*ready*'
zpty -w -n inner $'\\x15'"$2"$'\\t\\x18'
zpty -r -m inner seen '*<*>*'
print -r -- "$seen"
`;
/** The same in bash, which has no line to show: what it would offer. */
const BASH = `
source "$1"; read -ra COMP_WORDS <<<"$2"; [[ "$2" != *" " ]] || COMP_WORDS+=("")
COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); COMP_LINE=$2; COMP_POINT=\${#2}; COMP_TYPE=9
$(complete -p isotherm | sed 's/.*-F \\([^ ]*\\).*/\\1/') isotherm "\${COMP_WORDS[-1]}" ""; printf '%s\\n' "\${COMPREPLY[@]}"
`;

describe("Tab", () => {
  let dir: string;
  const program = new Command("isotherm").addCommand(watchCommand()).addCommand(hostCommand());
  before(() => {
    dir = mkdtempSync(join(tmpdir(), "isotherm-tab-"));
    for (const shell of SHELLS) writeFileSync(join(dir, shell), completionScript(program, shell));
    writeFileSync(join(dir, "tab.zsh"), ZSH);
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  const pressed = (shell: (typeof SHELLS)[number], typed: string): string => {
    const script = join(dir, shell);
    const options = { encoding: "utf8", timeout: 30_000, env: { ...process.env, HOME: dir, TERM: "xterm" } } as const;
    switch (shell) {
      case "bash":
        return execFileSync("bash", ["--norc", "-c", BASH, "bash", script, typed], options);
      case "zsh":
        return execFileSync("zsh", ["-f", join(dir, "tab.zsh"), script, typed], options);
      case "fish":
        return execFileSync("fish", ["-N", "-c", `source ${script}; complete -C ${JSON.stringify(typed)}`], options);
    }
  };

  const rows: [typed: string, offered: RegExp, not: RegExp][] = [
    ["isotherm h", /\bhost\b/, /\bwatch\b/],
    ["isotherm host ", /^(?=[^]*\badd\b)(?=[^]*\blist\b)(?=[^]*\bremove\b)/, /\bwatch\b/],
    ["isotherm host rem", /\bremove\b/, /\blist\b/],
    ["isotherm watch syscall.", /syscall\.ops/, /\bfs\./],
    ["isotherm watch --colo", /--color\b/, /--by\b/],
  ];
  for (const shell of SHELLS) {
    for (const [typed, offered, not] of rows) {
      test(`in ${shell} after ${JSON.stringify(typed)}`, { skip: missing(shell) }, () => {
        const said = pressed(shell, typed);
        assert.match(said, offered);
        assert.doesNotMatch(said, not);
      });
    }
  }
});
