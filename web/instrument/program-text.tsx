/**
 * program-text.tsx: a D program for people to read: comments soft, probe descriptions strong.
 */
export function ProgramText({ program, probes }: { readonly program: string; readonly probes: number }) {
  const lines = program.trimEnd().split("\n");
  let inComment = false;
  return (
    <figure class="program">
      <figcaption>
        <span>D program</span>
        <span class="quiet">
          {probes} {probes === 1 ? "probe" : "probes"}, {lines.length} lines
        </span>
      </figcaption>
      {/* Scrolls by keyboard, hence the tab stop. */}
      <pre tabIndex={0} role="region" aria-label="D program" data-program>
        {lines.map((line, i) => {
          const starts = line.trimStart().startsWith("/*");
          const isComment = inComment || starts;
          inComment = isComment && !line.includes("*/");
          const kind = isComment ? "comment" : /^[a-z$][\w$*-]*:[\w$*-]*:[\w$*,-]*:/.test(line) ? "probe" : "";
          return (
            <span class={kind} key={i}>
              {line}
              {"\n"}
            </span>
          );
        })}
      </pre>
    </figure>
  );
}
