/**
 * hooks-section.tsx: where alerts are sent: add, change, test and delete hooks; and the dead letters, to be sent again.
 */
import { useState } from "preact/hooks";
import type { HookInfo, HookTest } from "../../core/alerts/api.ts";
import { formatQuantity } from "../../core/units.ts";
import { deleteHook, testHook } from "../api/alerts.ts";
import { durationText } from "../clock.ts";
import type { Shared } from "../view/route.ts";
import { TableHead } from "../panels/table-head.tsx";
import { AskedTwice } from "../panels/asked-twice.tsx";
import { DeadLetters } from "./dead-letters.tsx";
import { ownerText, type Ground } from "./ground.ts";
import { HookForm, type SavedHook } from "./hook-form.tsx";

interface Props {
  readonly list: readonly HookInfo[];
  readonly ground: Ground;
  readonly shared: Shared;
  readonly isOperator: boolean;
  readonly mayWrite: boolean;
  readonly onChanged: () => void;
  readonly fail: (error: unknown) => void;
}

export function HooksSection(props: Props) {
  const { list, isOperator, mayWrite, onChanged, fail } = props;
  const [adding, setAdding] = useState(false);
  const [saved, setSaved] = useState<SavedHook | null>(null);
  const done = (made: SavedHook): void => {
    setAdding(false);
    setSaved(made);
    onChanged();
  };
  return (
    <section aria-label="hooks" data-hooks={list.length}>
      <h2>
        hooks <span class="quiet">{list.length === 0 ? "" : list.length}</span>
        {mayWrite && !adding && (
          <button type="button" class="word link" onClick={() => setAdding(true)}>
            + hook
          </button>
        )}
      </h2>
      {saved !== null && saved.secret !== null && <Secret {...saved} onClose={() => setSaved(null)} />}
      {adding && <HookForm before={null} onDone={done} onCancel={() => setAdding(false)} fail={fail} />}
      {list.length === 0 && !adding && (
        <p class="quiet">
          Nobody is told of what fires: there is no hook. One posts to a URL of yours, or to an Alertmanager.
        </p>
      )}
      {list.length > 0 && (
        <div class="table-box">
          <table class="table hooks">
            <TableHead
              columns={[
                "hook",
                "kind",
                "to",
                "groups by",
                { number: "again after" },
                isOperator && "owner",
                { hidden: "actions" },
              ]}
            />
            <tbody>
              {list.map((hook) => (
                <HookRow {...props} key={hook.id} hook={hook} onSaved={done} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <DeadLetters {...props} hooks={list} />
    </section>
  );
}

function Secret({ name, secret, onClose }: SavedHook & { readonly onClose: () => void }) {
  return (
    <p class="secret" role="status">
      The secret of {name}, shown this once: <code data-secret>{secret}</code>{" "}
      <button type="button" class="word link" onClick={onClose}>
        I have it
      </button>
    </p>
  );
}

function HookRow(props: Props & { readonly hook: HookInfo; readonly onSaved: (saved: SavedHook) => void }) {
  const { hook, ground, isOperator, mayWrite, onChanged, onSaved, fail } = props;
  const [asked, setAsked] = useState(false);
  const [editing, setEditing] = useState(false);
  const [test, setTest] = useState<HookTest | "busy" | null>(null);
  const isWebhook = hook.kind === "webhook";
  const remove = (): void => {
    setAsked(false);
    deleteHook(hook.id).then(onChanged, fail);
  };
  const tryIt = (): void => {
    setTest("busy");
    testHook(hook.id).then(setTest, (error: unknown) => {
      setTest(null);
      fail(error);
    });
  };
  return (
    <>
      <tr data-hook={hook.name} class={editing ? "open" : ""}>
        <th scope="row">
          {hook.name}
          {isWebhook && !hook.isSigned && <span class="problem"> not signed</span>}
        </th>
        <td>{isWebhook ? "webhook" : "Alertmanager"}</td>
        <td class="says url">
          {hook.url}
          {test !== null && <TestAnswer test={test} />}
        </td>
        <td data-label="groups by">
          {isWebhook ? hook.groupBy.join(", ") || "all in one" : <span class="quiet">by itself</span>}
        </td>
        <td class="number" data-label="again after">
          {isWebhook ? durationText(hook.repeatSec) : <span class="quiet">by itself</span>}
          {isWebhook && !hook.sendResolved && <span class="quiet">, no ends</span>}
        </td>
        {isOperator && (
          <td>
            {ownerText(ground, hook.owner)}
            {hook.fromFile && <span class="quiet"> file</span>}
          </td>
        )}
        <td class="actions">
          {mayWrite && !asked && (
            <button type="button" class="word link" disabled={test === "busy"} onClick={tryIt}>
              test
            </button>
          )}
          {mayWrite && !hook.fromFile && (
            <>
              {!asked && (
                <button type="button" class="word link" aria-expanded={editing} onClick={() => setEditing(!editing)}>
                  change
                </button>
              )}
              <AskedTwice
                word="delete"
                sure="delete it"
                keep="keep it"
                asked={asked}
                onAsk={setAsked}
                onSure={remove}
              />
            </>
          )}
        </td>
      </tr>
      {editing && (
        <tr class="opened">
          <td colSpan={isOperator ? 7 : 6}>
            <HookForm
              before={hook}
              onDone={(saved) => {
                setEditing(false);
                onSaved(saved);
              }}
              onCancel={() => setEditing(false)}
              fail={fail}
            />
          </td>
        </tr>
      )}
    </>
  );
}

function TestAnswer({ test }: { readonly test: HookTest | "busy" }) {
  if (test === "busy") return <span class="row-note quiet">sending a test alert …</span>;
  const took = formatQuantity(test.tookMs * 1e6, "ns");
  return (
    <span
      class={test.ok ? "row-note quiet" : "row-note problem"}
      role="status"
      data-hook-test={test.ok ? "ok" : "failed"}
    >
      {test.ok ? `a test alert arrived in ${took}` : `a test alert did not arrive: ${test.problem}, after ${took}`}
    </span>
  );
}
