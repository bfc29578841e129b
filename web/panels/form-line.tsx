/**
 * form-line.tsx: a line of a form: its name, what is typed or chosen, and what is wrong with it.
 */
import type { ComponentChildren } from "preact";

interface LineProps {
  readonly name: string;
  readonly problem?: string | null;
  readonly children: ComponentChildren;
}

export function Line({ name, problem = null, children }: LineProps) {
  return (
    <div class="draft-line" data-line={name}>
      <span class="draft-label">{name}</span>
      <div class="draft-value">
        {children}
        {problem !== null && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
      </div>
    </div>
  );
}
