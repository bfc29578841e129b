/**
 * condition-tree.tsx: the predicate builder: tests in groups, as deep as the API lets a predicate be.
 *
 * Native selects and inputs: they have keyboard, type-ahead and a phone's own pickers without a line of ours.
 */
import type { Metadata, MetadataField } from "../../core/api.ts";
import { fieldName } from "../panels/names.ts";
import { isFinished, isGroup, type Group, type Joint, type Part, type Test } from "./conditions.ts";
import { exampleOf } from "./constant.ts";

interface Props {
  readonly group: Group;
  readonly fields: readonly MetadataField[];
  readonly predicate: Metadata["predicate"];
  readonly onChange: (group: Group) => void;
  /** How deep this group lies; the root is 1. */
  readonly depth?: number;
  readonly onRemove?: () => void;
}

const JOINTS: readonly (readonly [Joint, string])[] = [
  ["all", "all of"],
  ["any", "any of"],
  ["none", "none of"],
];

export function ConditionTree(props: Props) {
  const { group, fields, predicate, onChange, depth = 1, onRemove } = props;
  const change = (index: number, part: Part): void =>
    onChange({ ...group, parts: group.parts.map((each, i) => (i === index ? part : each)) });
  const remove = (index: number): void => onChange({ ...group, parts: group.parts.filter((_, i) => i !== index) });
  const add = (part: Part): void => onChange({ ...group, parts: [...group.parts, part] });
  const first = fields.find(({ name }) => name === "execname") ?? fields[0];
  if (first === undefined) return <span class="quiet">every event: it has no fields to tell them apart by</span>;
  // A group of its own and the negation around it are levels too.
  const mayNest = depth + 2 <= predicate.maxDepth;
  const isBare = depth === 1 && group.parts.length === 0;
  return (
    <div class="conditions" role="group" aria-label={depth === 1 ? "which events count" : "group"}>
      {!isBare && (group.parts.length > 1 || depth > 1 || group.joint !== "all") && (
        <div class="conditions-head">
          <select
            aria-label="how they are joined"
            value={group.joint}
            onChange={(event) => onChange({ ...group, joint: event.currentTarget.value as Joint })}
          >
            {JOINTS.map(([joint, words]) => (
              <option value={joint} key={joint}>
                {words}
              </option>
            ))}
          </select>
          {onRemove !== undefined && (
            <button type="button" class="word remove" aria-label="remove the group" onClick={onRemove}>
              ×
            </button>
          )}
        </div>
      )}
      {group.parts.map((part, i) =>
        isGroup(part) ? (
          <ConditionTree
            {...props}
            key={i}
            group={part}
            depth={depth + 1}
            onChange={(next) => change(i, next)}
            onRemove={() => remove(i)}
          />
        ) : (
          <TestRow
            key={i}
            test={part}
            fields={fields}
            predicate={predicate}
            onChange={(next) => change(i, next)}
            onRemove={() => remove(i)}
          />
        ),
      )}
      <div class="conditions-add">
        {isBare && <span>every event</span>}
        <button type="button" class="word" onClick={() => add({ field: first.name, op: "eq", text: "" })}>
          + condition
        </button>
        {mayNest && !isBare && (
          <button
            type="button"
            class="word"
            onClick={() => add({ joint: "any", parts: [{ field: first.name, op: "eq", text: "" }] })}
          >
            + group
          </button>
        )}
      </div>
    </div>
  );
}

interface RowProps {
  readonly test: Test;
  readonly fields: readonly MetadataField[];
  readonly predicate: Metadata["predicate"];
  readonly onChange: (test: Test) => void;
  readonly onRemove: () => void;
}

function TestRow({ test, fields, predicate, onChange, onRemove }: RowProps) {
  const field = fields.find(({ name }) => name === test.field);
  const operators = field?.operators ?? [];
  const choose = (name: string): void => {
    const next = fields.find((each) => each.name === name);
    const op = next?.operators.includes(test.op) === true ? test.op : (next?.operators[0] ?? "eq");
    onChange({ field: name, op, text: next?.type === field?.type ? test.text : "" });
  };
  const unfinished = !isFinished(test, fields);
  return (
    <div class="condition">
      <select aria-label="field" value={test.field} onChange={(event) => choose(event.currentTarget.value)}>
        {fields.map(({ name }) => (
          <option value={name} key={name}>
            {fieldName(name)}
          </option>
        ))}
      </select>
      <select
        aria-label="comparison"
        value={test.op}
        onChange={(event) => onChange({ ...test, op: event.currentTarget.value })}
      >
        {predicate.operators
          .filter(({ name }) => operators.includes(name))
          .map(({ name, label }) => (
            <option value={name} key={name}>
              {label}
            </option>
          ))}
      </select>
      <input
        type="text"
        aria-label={`value of ${fieldName(test.field)}`}
        aria-invalid={test.text !== "" && unfinished}
        placeholder={field === undefined ? "" : placeholder(field, test.op)}
        value={test.text}
        spellcheck={false}
        autocomplete="off"
        onInput={(event) => onChange({ ...test, text: event.currentTarget.value })}
      />
      <button type="button" class="word remove" aria-label="remove the condition" onClick={onRemove}>
        ×
      </button>
    </div>
  );
}

function placeholder(field: MetadataField, op: string): string {
  const example = field.type === "string" ? (EXAMPLES[field.name] ?? exampleOf(field.type)) : exampleOf(field.type);
  return op === "in" ? `${example}, …` : example;
}

const EXAMPLES: Readonly<Record<string, string>> = { execname: "postgres", syscall: "read", optype: "write" };
