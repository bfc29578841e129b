/**
 * parts.tsx: what the page's sections have in common: a heading with its files, what is not measured, why there is nothing.
 */
import type { ComponentChildren } from "preact";
import { FILE_FORMATS, filePath, type FileFormat } from "../api/capacity.ts";
import type { Answered } from "./use-answer.ts";

interface SectionProps {
  readonly title: string;
  /** In lighter ink beside it. */
  readonly note?: ComponentChildren;
  /** Words that change what is shown. */
  readonly controls?: ComponentChildren;
  /** Where the answer is, for its files. */
  readonly path: string | null;
  readonly fileName: string;
  readonly formats?: readonly FileFormat[];
  readonly children: ComponentChildren;
}

export function Section({ title, note, controls, path, fileName, formats, children }: SectionProps) {
  return (
    <section aria-label={title}>
      <div class="section-head">
        <h2>{title}</h2>
        <span class="quiet">{note}</span>
        {controls}
        {path !== null && <Files path={path} name={fileName} formats={formats ?? FILE_FORMATS} />}
      </div>
      {children}
    </section>
  );
}

interface FilesProps {
  readonly path: string;
  readonly name: string;
  readonly formats: readonly FileFormat[];
}

/** Links, so that they can be copied, and opened like any other. */
export function Files({ path, name, formats }: FilesProps) {
  return (
    <span class="files">
      {formats.map((format) => (
        <a
          key={format}
          class="word link"
          href={filePath(path, format)}
          download={`${name}.${format}`}
          aria-label={`${name} as ${format.toUpperCase()}`}
        >
          {format}
        </a>
      ))}
    </span>
  );
}

/** What stands in a section's place until its answer is there, or where there is none. */
export function Waiting({ asked, rows }: { readonly asked: Answered<unknown>; readonly rows: number }) {
  const { answer, error, again } = asked;
  if (error !== null) {
    return (
      <p class="problem" role="alert">
        {error.message}{" "}
        <button type="button" class="word link" onClick={again}>
          try again
        </button>
      </p>
    );
  }
  // As high as what will be there, so that nothing below it moves.
  if (answer === null) return <p class={`quiet waiting rows-${rows}`}>reading …</p>;
  return null;
}

interface MissingProps {
  readonly metrics: readonly string[];
  readonly mayWrite: boolean;
  /** Fields that the metric must be decomposed by, where not by the zone alone. */
  readonly onMeasure: (metrics: readonly string[]) => void;
}

/** What would be needed and nothing measures; one press starts it. */
export function Missing({ metrics, mayWrite, onMeasure }: MissingProps) {
  if (metrics.length === 0) return null;
  const are = metrics.length === 1 ? "is" : "are";
  return (
    <p class="quiet missing" data-missing-metrics={metrics.join(" ")}>
      {metrics.join(", ")} {are} not measured
      {mayWrite && (
        <>
          :{" "}
          <button type="button" class="word link" onClick={() => onMeasure(metrics)}>
            start measuring
          </button>
        </>
      )}
      .
    </p>
  );
}

/** A bar of a share of 1, with what is used of it and what has been promised. */
export function Bar({ share, mark }: { readonly share: number | null; readonly mark?: number | null }) {
  return (
    <svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
      <rect class="whole" width="100" height="4" />
      {share !== null && <rect class="share" width={100 * Math.min(1, Math.max(0, share))} height="4" />}
      {mark !== undefined && mark !== null && (
        <rect class="mark" x={99 * Math.min(1, Math.max(0, mark))} width="1" height="4" />
      )}
    </svg>
  );
}
