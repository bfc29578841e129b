/**
 * preact-memo.ts: a component that renders again only when asked to; Preact keeps its own in a compatibility layer that is
 * larger than all the rest of it.
 */
import { Component, type ComponentChildren } from "preact";

export function memo<P extends object>(
  render: (props: P) => ComponentChildren,
  equal: (before: P, now: P) => boolean,
): new (props: P) => Component<P> {
  return class extends Component<P> {
    override shouldComponentUpdate(next: P): boolean {
      return !equal(this.props, next);
    }
    override render(): ComponentChildren {
      return render(this.props);
    }
  };
}
