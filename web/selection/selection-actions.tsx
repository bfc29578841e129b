/**
 * selection-actions.tsx: what can be done with a selection: look closer, keep its address, take its rows, ask the next question.
 */
import { useState } from "preact/hooks";
import type { InstrumentationPreview } from "../../core/api.ts";
import { EXPORT_FORMATS, exportPath, followUp, previewFollowUp } from "../api/selections.ts";
import { ruleOfSelection } from "../alerts/from-selection.ts";
import { formatRange } from "../../core/units.ts";
import { Menu, type Option } from "../panels/menu.tsx";
import { fieldName } from "../panels/names.ts";
import { writeAddress } from "../view/address.ts";
import type { Region } from "../view/region.ts";
import { addressOf } from "../view/route.ts";
import type { SharedProps } from "../views/shared.ts";
import { FollowUpPreview } from "./follow-up-preview.tsx";

interface Props extends SharedProps {
  readonly region: Region;
  readonly unit: string;
  /** Events in it; null: not known (yet). */
  readonly selected: number | null;
  readonly onZoom: () => void;
}

interface Draft {
  readonly by: string;
  readonly preview: InstrumentationPreview;
}

export function SelectionActions(props: Props) {
  const { region, view, scopeOf, instrumentation, metric, mayWrite, fail, onZoom, onInstrumentation } = props;
  const [draft, setDraft] = useState<Draft | null>(null);
  const scope = scopeOf(view.where);
  const fields = (metric?.fields ?? []).filter(
    ({ name, arity }) => arity === "discrete" && !instrumentation.keys.includes(name),
  );
  const start = (): void => {
    if (draft === null) return;
    followUp(scope, region, draft.by).then(onInstrumentation, fail);
  };
  return (
    <div class="selection-actions">
      <button type="button" class="word" title="show only this time and these values (z)" data-key="z" onClick={onZoom}>
        zoom
      </button>
      <Permalink {...props} />
      <Menu
        title="export"
        label="export"
        className="from-right upwards"
        options={exportOptions(instrumentation.keys)}
        onPick={({ id }) => {
          const [format = "csv", by = ""] = id.split(":");
          download(exportPath(scope, region, by === "" ? null : by, format as (typeof EXPORT_FORMATS)[number]));
        }}
      />
      {mayWrite && <AlertOnThis {...props} />}
      {mayWrite && fields.length > 0 && (
        <Menu
          title="measure only this selection, by one more field"
          label="follow up by"
          className="from-right upwards"
          options={fields.map(({ name, label }) => ({ id: name, label: fieldName(name), detail: label }))}
          onPick={({ id: by }) => {
            setDraft(null);
            previewFollowUp(scope, region, by).then((preview) => setDraft({ by, preview }), fail);
          }}
        />
      )}
      {draft !== null && <FollowUpPreview {...draft} onStart={start} onCancel={() => setDraft(null)} />}
    </div>
  );
}

/** The form of a rule about the selection; nothing is saved before somebody says so there. */
function AlertOnThis({ view, scopeOf, instrumentation, region, unit, selected }: Props) {
  const { where, tenant } = scopeOf(view.where);
  const { low, high } = region;
  const name = `${instrumentation.metric} ${formatRange(low, high, unit)}`;
  const rule = ruleOfSelection({ instrumentation, region, where, tenant, count: selected, name });
  return (
    <a
      class="word"
      href={addressOf("alerts", view, { draft: JSON.stringify(rule) })}
      title="a rule that fires when there is as much of this again"
      data-alert-on-this
    >
      alert on this
    </a>
  );
}

/** The view with fixed instants: what is seen now is what the link shows. */
function Permalink({ view, shownRange }: Props) {
  const [copied, setCopied] = useState(false);
  const hash = `#${writeAddress({ ...view, range: shownRange() })}`;
  const copy = (): void => {
    // Absent where the page came over plain http: then the link is still one that can be followed and copied by hand.
    const clipboard = (navigator as { clipboard?: Clipboard }).clipboard;
    void clipboard?.writeText(new URL(hash, location.href).href).then(
      () => setCopied(true),
      () => undefined,
    );
  };
  return (
    <a class="word" href={hash} title="a link to this selection, at this time" data-permalink onClick={copy}>
      {copied ? "link copied" : "link"}
    </a>
  );
}

function exportOptions(keys: readonly string[]): readonly Option[] {
  const files = (by: string | null, group: string): Option[] =>
    EXPORT_FORMATS.map((format) => ({
      id: by === null ? format : `${format}:${by}`,
      label: FORMAT_NAMES[format],
      group,
    }));
  return [
    ...keys.flatMap((by) => files(by, `this selection by ${fieldName(by)}`)),
    ...files(null, "all rows of this time, whatever their values"),
  ];
}

const FORMAT_NAMES: Record<(typeof EXPORT_FORMATS)[number], string> = {
  csv: "CSV",
  jsonl: "JSON lines",
  parquet: "Parquet",
  arrow: "Arrow",
};

function download(path: string): void {
  const link = document.createElement("a");
  link.href = path;
  link.download = "";
  document.body.append(link);
  link.click();
  link.remove();
}
