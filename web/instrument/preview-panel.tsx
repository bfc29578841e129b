/**
 * preview-panel.tsx: what the draft would be and cost, before anything is made: cost, rate, hosts, warnings, and the D program.
 */
import type { InstrumentationPreview, Metadata, PreviewHost } from "../../core/api.ts";
import { formatShort } from "../../core/units.ts";
import { TableHead } from "../panels/table-head.tsx";
import { ProgramText } from "./program-text.tsx";
import type { Preview } from "./use-preview.ts";

export function PreviewPanel({ preview, metadata }: { readonly preview: Preview; readonly metadata: Metadata }) {
  const { answer, error, stale } = preview;
  if (answer === null) {
    return (
      <section class="preview" aria-label="what it would be and cost">
        <p class="quiet">{error?.message ?? "asking what it would cost …"}</p>
      </section>
    );
  }
  const { cost, program, probes, warnings } = answer;
  return (
    <section
      class={stale || error !== null ? "preview stale" : "preview"}
      aria-label="what it would be and cost"
      data-preview={stale ? "stale" : error === null ? "current" : "wrong"}
    >
      <dl class="facts">
        <div>
          <dt>cost</dt>
          <dd>
            <b data-cost={cost}>{cost}</b>{" "}
            <span class="quiet">{metadata.costs.find(({ name }) => name === cost)?.label}</span>
          </dd>
        </div>
        <div>
          <dt>rate</dt>
          <dd>{rateText(answer)}</dd>
        </div>
        <div>
          <dt>runs</dt>
          <dd>
            <Where preview={answer} />
          </dd>
        </div>
        {answer.caps.instrumentations !== null && (
          <div>
            <dt>yours</dt>
            <dd>
              {answer.caps.instrumentations.used} of {answer.caps.instrumentations.most}{" "}
              <span class="quiet">instrumentations in use</span>
            </dd>
          </div>
        )}
      </dl>
      {warnings.length > 0 && (
        <ul class="warnings">
          {warnings.map(({ code, message }) => (
            <li key={code} data-warning={code}>
              {message}
            </li>
          ))}
        </ul>
      )}
      {program === null ? (
        <p class="quiet no-program">No D program: the kernel counts it anyway, and collectors read the statistics.</p>
      ) : (
        <ProgramText program={program} probes={probes.length} />
      )}
    </section>
  );
}

function rateText({ estimate, source }: InstrumentationPreview) {
  const { eventsPerSec, basis } = estimate;
  if (source === "kstat") return <span class="quiet">nothing is traced</span>;
  if (eventsPerSec === null) return <span class="quiet">not known: nothing like it is measured</span>;
  return (
    <>
      {basis === "most" ? "at most " : ""}
      <b>{formatShort(Math.round(eventsPerSec))}</b>
      <span class="unit"> events/s</span>{" "}
      <span class="quiet">{basis === "most" ? "that is how many there are in all" : "as one like it has counted"}</span>
    </>
  );
}

function Where({ preview }: { readonly preview: InstrumentationPreview }) {
  const { supported, unsupported, unknown, full, list } = preview.hosts;
  const all = supported + unsupported + unknown;
  const rest = [
    unsupported > 0 ? `${unsupported} cannot` : "",
    unknown > 0 ? `${unknown} not known` : "",
    full > 0 ? `${full} full: there it waits` : "",
  ].filter((text) => text !== "");
  return (
    <>
      <span>
        on <b>{supported}</b> of {all} {all === 1 ? "host" : "hosts"}
        {rest.length > 0 && <span class="quiet"> ({rest.join(", ")})</span>}
      </span>
      {list !== undefined && list.length > 0 && (
        <details class="where">
          <summary>by host</summary>
          <table>
            <TableHead columns={["host", "can", { number: "enablings" }, { number: "events/s" }]} />
            <tbody>
              {list.map((each) => (
                <tr key={each.host}>
                  <th scope="row">{each.host}</th>
                  <td>{canText(each)}</td>
                  <td class="number">
                    {each.enablings} of {preview.caps.enablingsPerHost}
                  </td>
                  <td class="number">
                    {each.eventsPerSec === null ? "–" : formatShort(Math.round(each.eventsPerSec))}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </>
  );
}

function canText({ supported, reason, shared }: PreviewHost) {
  if (supported === true) return shared ? "yes, it runs there" : "yes";
  return (
    <span class="quiet" title={reason}>
      {supported === false ? "no: " : "not known: "}
      {reason}
    </span>
  );
}
