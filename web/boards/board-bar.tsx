/**
 * board-bar.tsx: which board it is, as a sentence, and what can be done with it: choose, save, delete, add a panel.
 */
import { useState } from "preact/hooks";
import type { BoardInfo, BoardPanel, InstrumentationSummary, MetricInfo } from "../../core/api.ts";
import { Menu, type Option } from "../panels/menu.tsx";
import { fieldName } from "../panels/names.ts";
import { ROLE_WORDS, type BoardRole } from "./defaults.ts";

interface Props {
  readonly roles: readonly BoardRole[];
  readonly boards: readonly BoardInfo[];
  /** One of the roles, or the id of a saved board. */
  readonly board: string;
  /** The saved board; null for a default one. */
  readonly saved: BoardInfo | null;
  readonly changed: boolean;
  readonly mayWrite: boolean;
  readonly busy: boolean;
  /** Which host or zone, where the board is of one. */
  readonly of: { readonly label: string; readonly options: readonly Option[]; readonly title: string } | null;
  readonly missing: number;
  readonly metrics: readonly MetricInfo[];
  readonly instrumentations: readonly InstrumentationSummary[];
  readonly onBoard: (id: string) => void;
  readonly onOf: (id: string) => void;
  readonly onAdd: (panel: BoardPanel) => void;
  readonly onSave: (name: string, asNew: boolean) => void;
  readonly onDelete: () => void;
  readonly onUndo: () => void;
  readonly onMeasureAll: () => void;
}

export function BoardBar(props: Props) {
  const { roles, boards, board, saved, changed, mayWrite, of, missing } = props;
  const options: Option[] = [
    ...roles.map((role) => ({ id: role, label: ROLE_WORDS[role], group: "to begin with", selected: board === role })),
    ...boards.map(({ id, name, panels }) => ({
      ...{ id, label: name, group: "saved", selected: board === id },
      detail: `${panels.length} ${panels.length === 1 ? "panel" : "panels"}`,
    })),
  ];
  const role = roles.find((each) => each === board);
  const name = saved?.name ?? (role === undefined ? "a board that has gone" : ROLE_WORDS[role]);
  return (
    <div class="sentence board-bar">
      <Menu title="board" className="metric" label={name} options={options} onPick={({ id }) => props.onBoard(id)} />
      {of !== null && (
        <Menu title={of.title} label={of.label} options={of.options} onPick={({ id }) => props.onOf(id)} />
      )}
      <AddPanel {...props} />
      {missing > 1 && mayWrite && (
        <button type="button" class="word link" onClick={props.onMeasureAll}>
          start measuring the {missing} that are missing
        </button>
      )}
      <span class="spring" />
      {mayWrite && <Saving {...props} key={`${board} ${String(changed)}`} />}
      {changed && (
        <button type="button" class="word quiet" onClick={props.onUndo}>
          as it was
        </button>
      )}
    </div>
  );
}

/** Nothing to save, or a name to save it under; deleting asks once more. */
function Saving({ saved, changed, busy, onSave, onDelete }: Props) {
  const [step, setStep] = useState<"" | "naming" | "deleting">("");
  const [name, setName] = useState(saved?.name ?? "");
  if (step === "naming") {
    return (
      <form
        class="save-as"
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim() !== "") onSave(name.trim(), true);
        }}
        onKeyDown={(event) => {
          if (event.key === "Escape") setStep("");
        }}
      >
        <input
          type="text"
          aria-label="name of the board"
          placeholder="name"
          maxLength={100}
          value={name}
          autocomplete="off"
          ref={(input) => (document.activeElement === input ? undefined : input?.focus())}
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <button type="submit" class="word link" disabled={busy || name.trim() === ""}>
          save
        </button>
      </form>
    );
  }
  if (step === "deleting") {
    return (
      <>
        <button type="button" class="word link sure" onClick={onDelete}>
          delete it
        </button>
        <button type="button" class="word link" onClick={() => setStep("")}>
          keep it
        </button>
      </>
    );
  }
  return (
    <>
      {saved !== null && changed && (
        <button type="button" class="word link" disabled={busy} onClick={() => onSave(saved.name, false)}>
          save
        </button>
      )}
      <button type="button" class="word link" onClick={() => setStep("naming")}>
        save as …
      </button>
      {saved !== null && (
        <button type="button" class="word quiet" onClick={() => setStep("deleting")}>
          delete
        </button>
      )}
    </>
  );
}

function AddPanel({ metrics, instrumentations, onAdd }: Props) {
  const measured = instrumentations.filter(({ predicate }) => Object.keys(predicate).length === 0);
  const names = new Set(measured.map(({ metric }) => metric));
  const options: Option[] = [
    ...measured.map((each) => ({
      id: `i:${each.id}`,
      label: each.metric,
      detail: [each.numeric, ...each.keys.map(fieldName)].filter((name) => name !== null).join(", "),
      group: "measured now",
    })),
    ...metrics
      .filter(({ name }) => !names.has(name))
      .map(({ name, label }) => ({ id: `m:${name}`, label: name, detail: label, group: "not measured yet" })),
  ];
  const pick = ({ id }: Option): void => {
    const each = measured.find((one) => `i:${one.id}` === id);
    const metric = metrics.find(({ name }) => name === (each?.metric ?? id.slice(2)));
    if (each !== undefined) {
      const keys = each.keys.filter((key) => key !== "zonename");
      const decomposition = [...keys, ...(each.numeric === null ? [] : [each.numeric])];
      onAdd({ metric: each.metric, decomposition, by: keys[0] ?? each.keys[0] ?? null, where: [] });
    } else if (metric !== undefined) {
      const numeric = metric.fields.find(({ arity }) => arity === "numeric");
      const key =
        metric.fields.find(({ arity, name }) => arity === "discrete" && name !== "zonename") ?? metric.fields[0];
      const by = key?.arity === "discrete" ? key.name : null;
      const fields = [by, numeric?.name].filter(
        (field) => field !== undefined && field !== null && field !== "zonename",
      );
      onAdd({ metric: metric.name, decomposition: fields as string[], by, where: [] });
    }
  };
  return <Menu title="add a panel" className="add" label="+ panel" options={options} onPick={pick} />;
}
