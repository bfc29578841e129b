/**
 * zones-section.tsx: tenants and their zones: where each is, how it is, since when; and a way to look at it.
 */
import { useState } from "preact/hooks";
import type { TenantInfo, ZoneInfo } from "../../core/api.ts";
import { dateText } from "../clock.ts";
import { addressOf, type Shared } from "../view/route.ts";
import { TableHead } from "../panels/table-head.tsx";

interface Props {
  readonly zones: readonly ZoneInfo[];
  readonly tenants: readonly TenantInfo[];
  readonly shared: Shared;
}

export function ZonesSection({ zones, tenants, shared }: Props) {
  const [text, setText] = useState("");
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  const shown = zones
    .filter(({ owner }) => shared.tenant === null || owner === shared.tenant)
    .filter((zone) => words.every((word) => textOf(zone).includes(word)));
  const owners = [...new Set(shown.map(({ owner }) => owner))];
  const without = tenants.filter(({ id, zones: own }) => own.length === 0 && !owners.includes(id));
  return (
    <section aria-label="tenants and zones">
      <h2>
        tenants and zones{" "}
        <span class="quiet">
          {owners.length} and {shown.length}
        </span>
        <input
          type="text"
          class="filter-zones"
          aria-label="filter zones"
          data-key="/"
          placeholder="zone, host or tenant"
          value={text}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </h2>
      {shown.length === 0 ? (
        <p class="quiet">{zones.length === 0 ? "No host has reported a zone yet." : "No zone is like that."}</p>
      ) : (
        <div class="table-box">
          <table class="table zones">
            <TableHead columns={["tenant", "zone", "host", "state", "since", "uuid", { hidden: "look at it" }]} />
            <tbody>
              {owners.flatMap((owner) =>
                shown
                  .filter((zone) => zone.owner === owner)
                  .map((zone, i) => (
                    <tr key={`${zone.host} ${zone.zone}`} data-zone={zone.zone} class={i === 0 ? "first" : ""}>
                      <td>{i === 0 ? (zone.ownerName ?? <span class="quiet">{owner} (no account)</span>) : ""}</td>
                      <th scope="row">{zone.alias || zone.zone}</th>
                      <td>{zone.host}</td>
                      <td>{zone.state}</td>
                      <td class="quiet">
                        {zone.sinceMs === 0 ? "always" : dateText(zone.sinceMs / 1000, shared.zone)}
                      </td>
                      <td class="quiet uuid">{zone.zone}</td>
                      <td class="actions">
                        <a class="word link" href={boardLink(zone, shared)}>
                          board
                        </a>
                      </td>
                    </tr>
                  )),
              )}
            </tbody>
          </table>
        </div>
      )}
      {without.length > 0 && <p class="quiet">Without zones: {without.map(({ name }) => name).join(", ")}</p>}
    </section>
  );
}

/** The zone's own board. */
function boardLink(zone: ZoneInfo, shared: Shared): string {
  return addressOf("boards", shared, { board: "zone", of: zone.zone });
}

function textOf({ zone, alias, host, owner, ownerName }: ZoneInfo): string {
  return [zone, alias, host, owner, ownerName ?? ""].join(" ").toLowerCase();
}
