/**
 * instrument-page.tsx: asking for something to be measured: the form, what it would be and cost, and what there is already.
 *
 * The form is drawn from GET /v1/metadata alone: a metric that the catalogue gains is in it without a change here. The draft is
 * in the address, so that one can hand it to somebody who may run it.
 */
import { useEffect, useMemo, useState } from "preact/hooks";
import type { InstrumentationSummary, Metadata, TenantInfo } from "../../core/api.ts";
import { ask } from "../api/client.ts";
import { usePolled } from "../api/use-polled.ts";
import type { PageProps } from "../page-props.ts";
import { messageOf, PageFrame, useProblems } from "../page-frame.tsx";
import type { KeyGroup } from "../panels/help.tsx";
import { press, useKeyboard } from "../panels/use-keyboard.ts";
import { useColours } from "../use-colours.ts";
import { usePage } from "../view/use-page.ts";
import { draftOf, readDraft, requestLike, requestOf, type Draft } from "./draft.ts";
import { DraftForm } from "./draft-form.tsx";
import { InstrumentationList } from "./instrumentation-list.tsx";
import { PreviewPanel } from "./preview-panel.tsx";
import { usePreview } from "./use-preview.ts";
import "../style/instrument.css";

const LIST_EVERY_MS = 5000;
const HELP: readonly KeyGroup[] = [{ name: "instrument", keys: [["/", "choose the metric"]] }];

export function MeasurePage({ session, onSignedOut }: PageProps) {
  const { shared, params, change } = usePage("instrument", ["draft", "open"]);
  useColours(shared.theme);
  const { notice, setNotice, fail } = useProblems(onSignedOut);
  const [turn, setTurn] = useState(0);
  const read = usePolled(`metadata ${turn}`, 0, async (signal) => readAll(signal));
  const list = usePolled(`list ${turn}`, LIST_EVERY_MS, async (signal) =>
    ask("GET", "/v1/instrumentations", { signal }),
  );
  useEffect(() => {
    if (list.error !== null) fail(list.error);
    else if (list.answer !== null) setNotice(null);
  }, [list.error, list.answer]);
  const { metadata = null, tenants = [] } = read.answer ?? {};
  const instrumentations = (list.answer?.instrumentations ?? null) as readonly InstrumentationSummary[] | null;
  useKeyboard({ "/": () => press("/") });
  const mayWrite = session.role === "operator" || session.scope === "write";
  return (
    <PageFrame
      page="instrument"
      {...{ session, onSignedOut, shared, tenants, notice }}
      onNotice={setNotice}
      onChange={change}
      help={mayWrite ? HELP : []}
    >
      {metadata === null ? (
        <p class="whole-page quiet">
          {read.error === null ? (
            "reading what can be measured …"
          ) : (
            <span>
              could not read what can be measured: {messageOf(read.error)}{" "}
              <button type="button" class="word link" onClick={() => setTurn(turn + 1)}>
                try again
              </button>
            </span>
          )}
        </p>
      ) : (
        <main class="measure">
          {mayWrite ? (
            <Measure
              metadata={metadata}
              isOperator={session.role === "operator"}
              text={params.get("draft")}
              onDraft={(draft) => change({}, { draft: JSON.stringify(requestOf(draft)) })}
              onMade={(made) => {
                change({}, { open: made.id });
                setTurn(turn + 1);
              }}
              fail={fail}
            />
          ) : (
            <p class="quiet measure-none">
              This token may look but not ask for measurements; one with the scope “write” may. What is measured is
              below.
            </p>
          )}
          <InstrumentationList
            list={instrumentations}
            {...{ metadata, tenants, session, shared, mayWrite, fail }}
            open={params.get("open")}
            onOpen={(id) => change({}, { open: id })}
            onCopy={(info) => {
              change({}, { draft: JSON.stringify(requestLike(info)) });
              document.querySelector(".page")?.scrollIntoView();
            }}
            onChanged={() => setTurn(turn + 1)}
          />
        </main>
      )}
    </PageFrame>
  );
}

interface MeasureProps {
  readonly metadata: Metadata;
  readonly isOperator: boolean;
  /** The draft as the address has it. */
  readonly text: string | null;
  readonly onDraft: (draft: Draft) => void;
  readonly onMade: (made: { readonly id: string }) => void;
  readonly fail: (error: unknown) => void;
}

function Measure({ metadata, isOperator, text, onDraft, onMade, fail }: MeasureProps) {
  const first = useMemo(() => firstDraft(text, metadata), []);
  const [draft, setDraft] = useState<Draft | null>(first);
  const [busy, setBusy] = useState(false);
  // A copy, or a link, changes the address from outside; an unfinished condition is not in it, and must not be lost.
  useEffect(() => {
    const other = readDraft(text, metadata);
    if (other === null || draft === null || JSON.stringify(requestOf(other)) === JSON.stringify(requestOf(draft)))
      return;
    setDraft(other);
  }, [text]);
  const request = draft === null ? null : requestOf(draft);
  const preview = usePreview(request);
  if (draft === null || request === null) return <p class="quiet measure-none">there are no metrics to measure</p>;
  const put = (next: Draft): void => {
    setDraft(next);
    onDraft(next);
  };
  const create = (): void => {
    setBusy(true);
    ask("POST", "/v1/instrumentations", { body: request })
      .then((made) => {
        if ("id" in made) onMade(made);
      }, fail)
      .finally(() => setBusy(false));
  };
  return (
    <div class="measure-top">
      <DraftForm
        {...{ draft, metadata, isOperator, preview, busy }}
        onChange={put}
        onMetric={(metric) => put(draftOf(metric))}
        onCreate={create}
      />
      <PreviewPanel preview={preview} metadata={metadata} />
    </div>
  );
}

function firstDraft(text: string | null, metadata: Metadata): Draft | null {
  const told = readDraft(text, metadata);
  if (told !== null) return told;
  const metric = metadata.metrics.find(({ name }) => name === "syscall.ops") ?? metadata.metrics[0];
  return metric === undefined ? null : draftOf(metric);
}

async function readAll(signal: AbortSignal): Promise<{ metadata: Metadata; tenants: readonly TenantInfo[] }> {
  const [metadata, { tenants }] = await Promise.all([
    ask("GET", "/v1/metadata", { signal }),
    ask("GET", "/v1/tenants", { signal }),
  ]);
  return { metadata: metadata as unknown as Metadata, tenants };
}
