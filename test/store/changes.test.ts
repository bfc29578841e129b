/**
 * Control tables are read again only where something may have been written to them, by whichever process.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Changes } from "../../store/changes.ts";
import { migrate } from "../../store/migrations.ts";
import { openTenants } from "../../store/tenants.ts";
import { startTestEngine, type TestEngine } from "./engine-fixture.ts";

describe("control tables", () => {
  let engine: TestEngine;
  before(async () => {
    engine = await startTestEngine();
    await migrate(engine.client, 1);
  });
  after(() => engine.close());

  test("are read when they have changed, and no other is", async () => {
    const [here, elsewhere] = [openTenants(engine.client), openTenants(engine.client)];
    const changes = new Changes(engine.client);
    const changed = async (): Promise<string[]> => {
      const found: string[] = [];
      await changes.read(async (isChanged) => {
        found.push(...["tenants", "tokens"].filter(isChanged));
        await here.refresh(isChanged);
      });
      return found;
    };
    assert.deepEqual(await changed(), ["tenants", "tokens"], "nothing is known at first");
    assert.deepEqual(await changed(), []);
    await elsewhere.put([{ id: "a", name: "Acme", createdMs: 1 }]);
    assert.deepEqual(await changed(), ["tenants"]);
    assert.equal(here.get("a")?.name, "Acme");
    assert.deepEqual(await changed(), []);
    // By a process whose clock is far behind: an older version of another row, which no highest version would show.
    await engine.client.insertRows("tenants", [{ id: "b", name: "Globex", created_ms: 1, deleted_ms: 0, version: 1 }]);
    assert.deepEqual(await changed(), ["tenants"]);
    assert.equal(here.get("b")?.name, "Globex");
  });

  test("are read again after a read that failed", async () => {
    const changes = new Changes(engine.client);
    await assert.rejects(
      changes.read(() => Promise.reject(new Error("torn"))),
      /torn/,
    );
    await changes.read((isChanged) => {
      assert.ok(isChanged("tenants"));
      return Promise.resolve();
    });
  });
});
