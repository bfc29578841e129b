/**
 * section-props.ts: what every section of the page gets.
 */
import type { Zone } from "../clock.ts";
import type { Question } from "./question.ts";

export interface SectionProps {
  readonly question: Question;
  readonly zone: Zone;
  /** What is a host's is shown. */
  readonly isOperator: boolean;
  readonly mayWrite: boolean;
  readonly change: (change: Partial<Question>) => void;
  /** Begins to measure what is missing. @param more fields of its decomposition, where not those that capacity usually needs */
  readonly onMeasure: (metrics: readonly string[], more?: readonly string[]) => void;
  readonly onSignedOut: () => void;
}
