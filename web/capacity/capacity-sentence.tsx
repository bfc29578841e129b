/**
 * capacity-sentence.tsx: what is asked, as a sentence: "CPU by zone over the last year, a year ahead, fastest growing first".
 */
import { Menu, type Option } from "../panels/menu.tsx";
import { AmountField } from "./amount-field.tsx";
import { AHEAD, bysFor, DAYS, resourcesFor, type Question } from "./question.ts";
import { BY_WORDS, daysText, RESOURCE_WORDS } from "./words.ts";

interface Props {
  readonly question: Question;
  readonly isOperator: boolean;
  /** Where the page to be printed is. */
  readonly printPath: string;
  readonly move: (change: Partial<Question>) => void;
  readonly change: (change: Partial<Question>) => void;
}

export function CapacitySentence({ question, isOperator, printPath, move, change }: Props) {
  const { resource, by, days, ahead, rank, limit } = question;
  const bys = bysFor(resource, isOperator);
  const spans = (all: readonly number[], chosen: number): Option[] =>
    [...new Set([...all, chosen])]
      .sort((a, b) => a - b)
      .map((each) => ({ id: String(each), label: daysText(each), selected: each === chosen }));
  return (
    <div class="sentence capacity-sentence">
      <Menu
        title="resource"
        className="metric"
        label={RESOURCE_WORDS[resource]}
        shortcut="/"
        options={resourcesFor(isOperator).map((each) => ({
          ...{ id: each, label: RESOURCE_WORDS[each], selected: each === resource },
        }))}
        onPick={({ id }) => move({ resource: id as Question["resource"], item: null, limit: null })}
      />
      <span class="joint">by</span>
      {bys.length === 1 ? (
        <span>{BY_WORDS[by]}</span>
      ) : (
        <Menu
          title="by"
          label={BY_WORDS[by]}
          options={bys.map((each) => ({ id: each, label: BY_WORDS[each], selected: each === by }))}
          onPick={({ id }) => move({ by: id as Question["by"], item: null })}
        />
      )}
      <span class="joint">over the last</span>
      <Menu
        title="history"
        label={daysText(days).replace(/^an? /, "")}
        options={spans(DAYS, days)}
        onPick={({ id }) => change({ days: Number(id) })}
      />
      <span class="joint">and ahead</span>
      <Menu
        title="horizon"
        label={daysText(ahead)}
        options={spans(AHEAD, ahead)}
        onPick={({ id }) => change({ ahead: Number(id) })}
      />
      <Menu
        title="which of them"
        label={rank === "growth" ? "fastest growing" : "largest"}
        options={[
          { id: "growth", label: "fastest growing", selected: rank === "growth" },
          { id: "size", label: "largest", selected: rank === "size" },
        ]}
        onPick={({ id }) => change({ rank: id === "size" ? "size" : "growth" })}
      />
      <label class="against">
        <span class="joint">against</span>
        <AmountField
          label="limit in place of the measured ones"
          type={resource === "memory" || resource === "pool" || resource === "nic" ? "size" : "percent"}
          value={limit}
          placeholder="measured limits"
          onChange={(value) => change({ limit: value !== null && value > 0 ? value : null })}
        />
      </label>
      <span class="spring" />
      <a
        class="word link"
        href={printPath}
        target="_blank"
        rel="noreferrer"
        data-key="p"
        title="a page to be printed (p)"
      >
        print
      </a>
    </div>
  );
}
