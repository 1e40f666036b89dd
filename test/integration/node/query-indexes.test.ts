import assert from "node:assert/strict";
import { test } from "node:test";
import { registerDevice } from "../../support/device.ts";
import { owner } from "../../support/domain-hub.ts";
import { startHub } from "../../support/hub.ts";
import { stackScope } from "../../support/suite-scope.ts";
import { waitFor } from "../../support/wait-for.ts";

test("an index that an operator asks for serves queries, and twins can be written while it is made", async () => {
  await using stack = new AsyncDisposableStack();
  const testHub = await startHub(stackScope(stack));
  const { hub } = testHub.node;
  await registerDevice(testHub, "d");
  const index = { collection: "devices", path: ["tags", "region"] } as const;
  const text = "SELECT deviceId FROM devices WHERE tags.region = 'US'";
  await hub.queryIndexes.create({ ...index, ...owner });
  await hub.twins.update({ deviceId: "d", tags: { region: "US" }, ...owner });
  await waitFor("the index", () => hub.queryIndexes.list().some(({ isReady }) => isReady));
  assert.deepEqual(hub.queryIndexes.list(), [{ ...index, origin: "operator", isReady: true }]);
  assert.deepEqual((await hub.queries.page(text, { limit: 10 })).rows, ['{"deviceId":"d"}']);
  const [plan = ""] = (await hub.queries.page(`EXPLAIN ${text}`, { limit: 10 })).rows;
  assert.match(plan, /INDEX query/);
  await hub.queryIndexes.delete({ ...index, ...owner });
  await waitFor("the end of the index", () => hub.queryIndexes.list().length === 0);
  assert.deepEqual((await hub.queries.page(text, { limit: 10 })).rows, ['{"deviceId":"d"}']);
});
