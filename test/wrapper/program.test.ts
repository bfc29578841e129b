/**
 * program.test.ts: which D programs the wrapper takes. Without ssh: the wrapper is the same.
 *
 * Every program that the compiler makes is taken; no program with a destructive action or a control line is, however it is
 * spelt; in every shell, and with every awk that is here.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { catalogue } from "../../d-scripts/catalogue.ts";
import { oddRequests } from "../d-scripts/hostile.ts";
import { compile } from "../d-scripts/orders.ts";
import { makeHost, SHELLS, which, WRAPPER } from "./bed.ts";
import { nothingLeft, program, runWrapper, type Outcome } from "./remote.ts";
import { installTools } from "./tools.ts";

const AWKS = [["mawk"], ["gawk"], ["original-awk"], ["busybox", "awk"]].flatMap(([name = "", applet]) => {
  const path = which(name);
  return path === undefined ? [] : [applet === undefined ? path : `${path} ${applet}`];
});
const GOLDEN = new URL("../golden/d/", import.meta.url);
const goldens = readdirSync(GOLDEN).map((name) => [name, readFileSync(new URL(name, GOLDEN), "utf8")] as const);

/** Used in a clause, each of these would be run, or would be but for the kernel. */
const ACTIONS = [
  "system",
  "freopen",
  "copyout",
  "copyoutstr",
  "raise",
  "stop",
  "panic",
  "breakpoint",
  "chill",
  "setopt",
  "pcap",
];

const CALLS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(ACTIONS.map((action) => [action, `BEGIN { ${action}(); }`])),
  "a space": 'BEGIN { system ("id"); }',
  tabs: 'BEGIN { system\t\t("id"); }',
  "a newline": 'BEGIN { system\n("id"); }',
  "many newlines": `BEGIN { system${"\n".repeat(50)}("id"); }`,
  "a comment": 'BEGIN { system/**/("id"); }',
  "a comment after a space": 'BEGIN { system /* harmless */ ("id"); }',
  "a comment over lines": 'BEGIN { system /*\n * harmless\n */\n("id"); }',
  "a comment with a string in it": 'BEGIN { system/*"*/("id"); /*"*/ }',
  "a string with a comment in it": 'BEGIN { printf("/*"); system("id"); printf("*/"); }',
  "a character with a quote in it": "BEGIN { x = '\"'; system(\"id\"); y = '\"'; }",
  "an escaped quote": 'BEGIN { printf("\\""); system("id"); printf("\\""); }',
  "an escaped backslash": 'BEGIN { printf("\\\\"); system("id"); printf("\\\\"); }',
  "what C99 would call a comment": 'BEGIN { x = 1 // "\n; system("id"); // "\n }',
  "a backslash before a newline": 'BEGIN { system\\\n("id"); }',
  "a backslash after a space": 'BEGIN { system \\\n ("id"); }',
  "a clause without spaces": 'BEGIN{system("id")}',
  "the first characters": 'system("id")',
  "after an operator": "BEGIN { x = 1+raise(9); }",
  "in a predicate": "BEGIN / chill(1000) / { }",
  scoped: "BEGIN { `panic(); }",
  "after a clean clause": `${goldens[0]?.[1] ?? ""}\nBEGIN { stop(); }`,
};

const CONTROL_LINES: Readonly<Record<string, string>> = {
  "a pragma": "#pragma D option destructive\nBEGIN { }",
  "a pragma after spaces": " \t #pragma D option destructive\nBEGIN { }",
  "a pragma with spaces": "#  pragma   D option destructive",
  "a pragma on the last line": "BEGIN { }\n#pragma D option destructive",
  "a pragma in a comment": "/*\n#pragma D option destructive\n*/",
  "an include": '#include "/etc/passwd"',
  "an interpreter": "#!/usr/sbin/dtrace -ws",
  "a line directive": '# 1 "x"',
  "a definition": "#define f system\nBEGIN { f(); }",
};

const UNPRINTABLE: Readonly<Record<string, string>> = {
  "a form feed": "BEGIN { system\f(); }",
  "a vertical tab": "BEGIN { system\v(); }",
  "a carriage return": "BEGIN { system\r(); }",
  "a form feed before a pragma": "\f#pragma D option destructive",
  "a carriage return before a pragma": "BEGIN { }\r#pragma D option destructive",
  "an escape": 'BEGIN { printf("\u001b[2J"); }',
  DEL: "BEGIN { x\u007f = 1; }",
  "a letter outside ASCII": 'BEGIN { printf("ü"); }',
  "a full-width letter": "BEGIN { \uff53ystem(); }",
  "a zero-width space": "BEGIN { system\u200b(); }",
  "a control of ISO 8859": "BEGIN { x\u0085 }",
};

/** Words that look worse than they are. */
const HARMLESS: Readonly<Record<string, string>> = {
  "names as strings": 'BEGIN / execname == "system" || execname == "stop" / { printf("raise panic\\n"); }',
  "names within names": "BEGIN { self->mysystem = 1; x = nonstop(); @stop[system] = count(); }",
  "names that only start alike": "BEGIN { systems(1); stopped(); copyoutmost(x); }",
  "a name in a path": 'BEGIN / execname == "/usr/lib/system/x" / { }',
  "a hash inside a line": 'BEGIN { printf("#1"); }',
  copyinstr: "BEGIN { x = copyinstr(arg0); y = copyin(arg0, 1); }",
};

describe("programs that the wrapper takes and refuses", { concurrency: true }, () => {
  const folder = mkdtempSync(join(tmpdir(), "isotherm-program-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const tables = [
    [CALLS, /^it has the destructive action [a-z]+$/],
    [CONTROL_LINES, /^line \d+ is a control line \(#\)$/],
    [UNPRINTABLE, /^line \d+ has a character that is not printable ASCII$/],
  ] as const;

  for (const awk of AWKS) {
    const tools = mkdtempSync(join(folder, "awk-"));
    mkdirSync(join(tools, "bin"));
    installTools(tools, { awk });

    test(`${awk}: what is refused, and what is not`, () => {
      for (const [table, says] of tables) {
        for (const [label, text] of Object.entries(table)) assert.match(verdict(tools, text), says, label);
      }
      for (const [label, text] of Object.entries(HARMLESS)) assert.equal(verdict(tools, text), "ok", label);
    });

    test(`${awk}: what the compiler makes, also of odd requests, is taken`, () => {
      // The check knows no state but the line, so many programs are judged as one.
      const odd = oddRequests().map((request) => compile(request));
      assert.equal(verdict(tools, [...goldens.map(([, text]) => text), ...odd].join("\n")), "ok");
    });
  }

  for (const shell of SHELLS) {
    test(`${shell.name}: what is refused, dtrace never sees`, async () => {
      const host = makeHost(folder, shell);
      for (const [table, says] of tables) {
        for (const [label, text] of Object.entries(table).slice(0, 2)) {
          const { code, stdout, stderr } = await judge(host, text);
          assert.deepEqual({ code, stdout }, { code: 77, stdout: "" }, `${label}: ${stderr}`);
          const prefix = "wrapper: refused: the program: ";
          assert.ok(stderr.startsWith(prefix) && says.test(stderr.slice(prefix.length).trim()), stderr);
        }
      }
      assert.equal(host.read("dtrace.argv"), "");
      const line = /from 192\.0\.2\.7: refused compile [0-9a-f]{32}: it has the destructive action system\n/;
      assert.match(host.read("syslog"), line);
      await nothingLeft(host);
    });

    test(`${shell.name}: what is taken arrives byte for byte`, async () => {
      const host = makeHost(folder, shell);
      const longest = goldens.reduce((a, b) => (a[1].length < b[1].length ? b : a));
      for (const [label, text] of [...Object.entries(HARMLESS), longest]) {
        const { code, stderr } = await judge(host, text);
        assert.deepEqual({ code, stderr }, { code: 0, stderr: "" }, label);
        assert.equal(host.read("program.d"), `${text}\n`, label);
      }
    });
  }

  const [dash] = SHELLS;
  if (dash === undefined) return;
  const host = makeHost(folder, dash);

  test("the longest programs fit: every metric with as many zones as there can be", async () => {
    const zones = Array.from({ length: 512 }, (_, i) => `${String(i).padStart(3, "0")}${"z".repeat(60)}`);
    const texts = [...catalogue]
      .filter(
        ([, { metric, recipe }]) => recipe.kind === "dtrace" && metric.fields.some(({ name }) => name === "zonename"),
      )
      .map(([metric]) => compile({ metric, zones }))
      .sort((a, b) => b.length - a.length);
    assert.ok(texts.length > 5);
    const { code, stderr } = await judge(host, texts[0] ?? "");
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  });

  test("a program that is too long, too many lines, or one line that is too long, is refused", async () => {
    const room = ["x".repeat(65_536), "x\n".repeat(3_998), `${"x".repeat(60_000)}\n`.repeat(4)];
    const tooMuch = ["x".repeat(65_537), "x\n".repeat(4_001), `${"x".repeat(60_000)}\n`.repeat(5)];
    for (const text of room) {
      assert.equal((await judge(host, text)).code, 0);
    }
    for (const text of tooMuch) {
      const { code, stderr } = await judge(host, text);
      assert.deepEqual({ code, stderr }, { code: 77, stderr: "wrapper: refused: the program: it is too long\n" });
    }
  });

  test("without an awk that works nothing is taken", async () => {
    const broken = makeHost(folder, dash, { awk: "/bin/false" });
    const { code, stderr } = await judge(broken, "BEGIN { }");
    assert.deepEqual(
      { code, stderr },
      { code: 77, stderr: "wrapper: refused: the program: it cannot be checked: awk fails\n" },
    );
  });

  test("a NUL byte hides nothing", async () => {
    for (const shell of SHELLS) {
      const each = makeHost(folder, shell);
      for (const text of ["BEGIN { sys\0tem(); }", "BEGIN { }\0 system();", "\0#pragma D option destructive"]) {
        const { code } = await judge(each, text);
        // Shells drop the NUL or what follows it; dtrace gets what was checked, and never what was hidden.
        if (code === 0) assert.doesNotMatch(each.read("program.d"), /system *\(|#pragma|\0/, shell.name);
        else assert.equal(code, 77, shell.name);
      }
    }
  });
});

function judge(host: { readonly wrapper: string }, text: string): Promise<Outcome> {
  const { nonce, input } = program(text);
  return runWrapper(host.wrapper, `compile ${nonce}`, input);
}

const CHECK = /^check_program\(\) \{[\s\S]*?^\}/m.exec(readFileSync(WRAPPER, "utf8"))?.[0] ?? "";

/** What the wrapper's check says of a program, with the awk of a folder. */
function verdict(tools: string, text: string): string {
  const options = {
    input: `${text}\n`,
    env: { PATH: `${tools}/bin:/usr/bin:/bin`, LC_ALL: "C" },
    encoding: "utf8",
  } as const;
  return spawnSync("/bin/sh", ["-c", `${CHECK}\ncheck_program`], options).stdout.trimEnd();
}
