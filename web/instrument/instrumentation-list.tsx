/**
 * instrumentation-list.tsx: what is measured now: whose, since when, until when, at what cost; open one to see how it fares.
 */
import { useState } from "preact/hooks";
import type { InstrumentationSummary, Metadata, SessionInfo, TenantInfo } from "../../core/api.ts";
import { ask } from "../api/client.ts";
import { durationText, serverNow } from "../clock.ts";
import { fieldName, ownerName } from "../panels/names.ts";
import { addressOf, type Shared } from "../view/route.ts";
import { TableHead } from "../panels/table-head.tsx";
import { AskedTwice } from "../panels/asked-twice.tsx";
import { predicateText } from "./conditions.ts";
import { InstrumentationState } from "./instrumentation-state.tsx";

interface Props {
  /** null until it was read. */
  readonly list: readonly InstrumentationSummary[] | null;
  readonly metadata: Metadata;
  readonly tenants: readonly TenantInfo[];
  readonly session: SessionInfo;
  readonly shared: Shared;
  readonly mayWrite: boolean;
  /** Which one is open. */
  readonly open: string | null;
  readonly onOpen: (id: string | null) => void;
  readonly onCopy: (info: InstrumentationSummary) => void;
  readonly onChanged: () => void;
  readonly fail: (error: unknown) => void;
}

export function InstrumentationList(props: Props) {
  const { list, shared, session } = props;
  const shown = (list ?? [])
    .filter(({ owner }) => shared.tenant === null || owner === shared.tenant)
    .sort((a, b) => Number(a.standing) - Number(b.standing) || b.createdMs - a.createdMs);
  return (
    <section class="measured" aria-label="measured now">
      <h2>
        measured now <span class="quiet">{list === null ? "" : shown.length}</span>
      </h2>
      {list === null ? (
        <p class="quiet">reading …</p>
      ) : shown.length === 0 ? (
        <p class="quiet">
          {shared.tenant === null
            ? "Nothing is measured yet: start above."
            : "This tenant measures nothing of its own."}
        </p>
      ) : (
        <div class="table-box">
          <table class="table">
            <TableHead
              columns={[
                "what",
                "by",
                "of",
                session.role === "operator" && "owner",
                "cost",
                { number: "age" },
                { number: "ends in" },
                { hidden: "actions" },
              ]}
            />
            <tbody>
              {shown.map((each) => (
                <Row {...props} info={each} key={each.id} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Row(props: Props & { readonly info: InstrumentationSummary }) {
  const { info, metadata, tenants, session, shared, mayWrite, open, onOpen, onCopy, onChanged, fail } = props;
  const [asked, setAsked] = useState(false);
  const metric = metadata.metrics.find(({ name }) => name === info.metric);
  const words = new Map(metadata.predicate.operators.map(({ name, label }) => [name, label]));
  const predicate = predicateText(info.predicate, metric?.fields ?? [], words);
  const isOpen = open === info.id;
  const isMine = session.role === "operator" || info.owner === session.tenant?.id;
  const stop = (): void => {
    setAsked(false);
    ask("DELETE", "/v1/instrumentations/{id}", { ids: [info.id] }).then(onChanged, fail);
  };
  const columns = session.role === "operator" ? 8 : 7;
  return (
    <>
      <tr data-instrumentation={info.id} class={isOpen ? "open" : ""}>
        <th scope="row">
          <button
            type="button"
            class="word opener"
            aria-expanded={isOpen}
            onClick={() => onOpen(isOpen ? null : info.id)}
          >
            <i aria-hidden="true">{isOpen ? "▾" : "▸"}</i>
            {info.metric}
            {info.numeric !== null && <span class="quiet"> {info.numeric}</span>}
          </button>
          {info.label !== metric?.label && <span class="quiet row-label">{info.label}</span>}
        </th>
        <td>{info.keys.map(fieldName).join(", ") || "–"}</td>
        <td class="of">{predicate === "" ? <span class="quiet">every event</span> : predicate}</td>
        {session.role === "operator" && <td>{ownerName(info.owner, tenants)}</td>}
        <td>{info.cost}</td>
        <td class="number">{durationText(info.ageSec)}</td>
        <td class="number">{endText(info)}</td>
        <td class="actions">
          <a class="word link" href={viewLink(info, shared)}>
            view
          </a>
          {mayWrite && (
            <button type="button" class="word link" onClick={() => onCopy(info)}>
              copy
            </button>
          )}
          {mayWrite && isMine && !info.standing && (
            <AskedTwice word="stop" sure="stop it" keep="keep it" asked={asked} onAsk={setAsked} onSure={stop} />
          )}
        </td>
      </tr>
      {isOpen && (
        <tr class="opened">
          <td colSpan={columns}>
            <InstrumentationState id={info.id} isOperator={session.role === "operator"} fail={fail} />
          </td>
        </tr>
      )}
    </>
  );
}

/** When it ends, from now; the sooner of both limits. */
function endText({ standing, idleExpiresMs, expiresMs, idleMaxSec }: InstrumentationSummary) {
  if (standing) return <span class="quiet">stays</span>;
  const ends = [idleExpiresMs, expiresMs].filter((each) => each !== null);
  if (ends.length === 0) return <span class="quiet">{idleMaxSec === 0 ? "never" : "while watched: no"}</span>;
  const seconds = Math.min(...ends) / 1000 - serverNow();
  const byIdle = idleExpiresMs !== null && (expiresMs === null || idleExpiresMs < expiresMs);
  return <span title={byIdle ? "unless somebody reads it before" : "whoever reads it"}>{durationText(seconds)}</span>;
}

function viewLink({ id, metric }: InstrumentationSummary, shared: Shared): string {
  return addressOf("view", shared, { metric, i: id });
}
