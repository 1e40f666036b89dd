import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import type { Message as SdkMessage } from "azure-iot-device";
import { openDevice, registerDevice } from "../../support/device.ts";
import { connectDevice, owner } from "../../support/domain-hub.ts";
import { startHub, type TestHub } from "../../support/hub.ts";
import { startNats } from "../../support/nats.ts";
import type { Scope } from "../../support/suite-scope.ts";
import { waitFor } from "../../support/wait-for.ts";

/** Two nodes of one hub. */
async function startNodes(scope: Scope): Promise<readonly [TestHub, TestHub]> {
  const nats = await startNats(scope);
  // Nodes of one hub share the key that seals secrets, or one could not check the devices of the other.
  const shared = { natsUrl: nats.url, masterKey: randomBytes(32).toString("base64") };
  return [await startHub(scope, shared), await startHub(scope, shared)];
}

/** What is left here is undone last first: a hub says goodbye to its NATS before that ends. */
function scopeOf(stack: AsyncDisposableStack): Scope {
  return { after: (undo) => stack.defer(async () => void (await undo())) };
}

// spec/messaging 6, 7
test("messages sent through either node reach the device in order, and each feedback one reader", async () => {
  await using stack = new AsyncDisposableStack();
  const scope = scopeOf(stack);
  const [here, there] = await startNodes(scope);
  const connectionString = await registerDevice(here, "d");
  await waitFor("the device on the other node", () => found(() => there.node.hub.registry.getDevice("d")));
  const device = await openDevice(scope, connectionString);
  const came: string[] = [];
  device.on("message", (message: SdkMessage) => came.push(message.messageId));
  const ids = Array.from({ length: 40 }, (_, index) => `m${index}`);
  for (const [index, messageId] of ids.entries()) {
    const message = { messageId, ack: "full", properties: new Map<string, string>(), body: "" };
    await (index % 2 === 0 ? here : there).node.hub.commands.send({ deviceId: "d", message, ...owner });
  }
  await waitFor("the messages", () => came.length === ids.length);
  assert.deepEqual(came, ids);

  const heard: string[] = [];
  const read = async ({ node }: TestHub): Promise<void> => {
    const batch = await node.hub.feedback.take();
    heard.push(...(batch?.records ?? []).map(({ originalMessageId }) => originalMessageId));
    await batch?.complete();
  };
  await waitFor("the feedback", async () => {
    await Promise.all([read(here), read(there)]);
    return heard.length >= ids.length;
  });
  assert.deepEqual(heard.toSorted(), ids.toSorted());
});

test("two nodes on one NATS are one hub: identities, twins, desired changes, methods and takeover", async () => {
  await using stack = new AsyncDisposableStack();
  const scope = scopeOf(stack);
  const [here, there] = await startNodes(scope);
  assert.equal(here.connectionString, there.connectionString);

  const connectionString = await registerDevice(here, "roaming");
  await waitFor("the device on the other node", () => found(() => there.node.hub.registry.getDevice("roaming")));
  const device = await openDevice(scope, connectionString);
  const twin = await device.getTwin();
  const deltas: Record<string, unknown>[] = [];
  twin.on("properties.desired", (delta: Record<string, unknown>) => deltas.push(delta));
  await waitFor("the subscription", async () => {
    const { events } = await here.node.hub.history.page({ deviceId: "roaming", limit: 100 });
    return JSON.stringify(events).includes("properties/desired/#");
  });
  await there.node.hub.twins.update({ deviceId: "roaming", desired: { told: "there" }, ...owner });
  await waitFor("the change made on the other node", () => deltas.some((delta) => delta.told === "there"));

  // spec/twins-methods-jobs 10
  const body = { methodName: "echo", payload: "through the other node", connectTimeoutInSeconds: 10 };
  const calling = there.node.hub.methods.invoke({ deviceId: "roaming", body, ...owner });
  device.onDeviceMethod("echo", ({ payload }, response) => response.send(200, payload, () => {}));
  assert.deepEqual(await calling, { status: 200, payload: "through the other node" });
  const called = { deviceId: "roaming", types: ["MethodCalled", "MethodDelivered", "MethodAnswered"], limit: 9 };
  await waitFor("the call in the history of both nodes", async () => {
    const pages = await Promise.all([here, there].map(({ node }) => node.hub.history.page(called)));
    return pages.every(({ events }) => events.length === 3);
  });

  await registerDevice(here, "moving");
  await waitFor("the device on the other node", () => found(() => there.node.hub.registry.getDevice("moving")));
  const before = await connectDevice(here.node.hub, "moving", { connectionId: "before" });
  const after = await connectDevice(there.node.hub, "moving", { connectionId: "after" });
  await waitFor("the end of the first connection", () => before.session.closed.length > 0);
  assert.deepEqual(before.session.closed, ["ConnectionForcefullyClosedOnNewConnection"]);
  assert.deepEqual(after.session.closed, []);
});

// spec/twins-methods-jobs 12
test("one node applies configurations, whichever took them, and another one does when it stops", async () => {
  await using stack = new AsyncDisposableStack();
  const scope = scopeOf(stack);
  const [here, there] = await startNodes(scope);
  const levelOf = ({ node }: TestHub) => node.hub.twins.get({ deviceId: "configured" }).twin.desired.values.level;
  const set = (id: string, level: number, priority: number) => {
    const body = { content: { deviceContent: { "properties.desired.level": level } }, targetCondition: "*", priority };
    return there.node.hub.configurations.put({ id, body, ...owner });
  };
  await registerDevice(here, "configured");
  await waitFor("the device on the other node", () => found(() => levelOf(there)));
  await set("first", 1, 1);
  await waitFor("the configuration on both nodes", () => levelOf(here) === 1 && levelOf(there) === 1);
  await here.node[Symbol.asyncDispose]();
  await set("second", 2, 2);
  await waitFor("the other node's pass", () => levelOf(there) === 2);
  const { events } = await there.node.hub.history.page({
    deviceId: "configured",
    types: ["TwinConfigured"],
    limit: 9,
  });
  assert.equal(events.length, 2);
});

/** Whether a read finds something rather than throws. */
function found(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}
