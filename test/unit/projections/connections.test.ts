import assert from "node:assert/strict";
import { test } from "node:test";
import { neverConnected } from "../../../core/connection/connection.ts";
import {
  connected,
  dawn,
  deviceCreated,
  deviceDeleted,
  disconnected,
  moduleCreated,
  subscribed,
  timeOf,
} from "../../support/events.ts";
import { given } from "../../support/views.ts";

const d1 = { deviceId: "d1" };
const m1 = { deviceId: "d1", moduleId: "m1" };
const subscriptions = [{ filter: "$iothub/twin/res/#", qos: 0 }] as const;

// spec/http-api 2.1
test("a connected device shows its connection, and keeps its subscriptions when it goes", (t) => {
  const facts = [deviceCreated("d1"), connected(d1), subscribed(d1, subscriptions)];
  const open = {
    generationId: "1",
    connected: true,
    connectionId: "c1",
    nodeId: "node-1",
    protocol: "mqtt",
    modelId: null,
    connectionStateUpdatedTime: dawn,
    lastActivityTime: dawn,
    subscriptions,
  };
  given(t, ...facts).check((read) => assert.deepEqual(read.connection(d1), open));
  given(t, ...facts, disconnected(d1)).check((read) => {
    const closed = { ...open, connected: false, nodeId: null, connectionStateUpdatedTime: timeOf(60) };
    assert.deepEqual(read.connection(d1), closed);
  });
});

test("the end of a connection that a newer one replaced changes nothing", (t) => {
  const newer = connected(d1, { connectionId: "c2", nodeId: "node-2" });
  given(t, deviceCreated("d1"), connected(d1), newer, disconnected(d1)).check((read) => {
    assert.equal(read.connection(d1).connected, true);
    assert.equal(read.connection(d1).nodeId, "node-2");
  });
});

test("who never connected, or does not exist, has the connection of who never connected", (t) => {
  given(t, deviceCreated("d1"), connected({ deviceId: "ghost" })).check((read) => {
    assert.deepEqual(read.connection(d1), neverConnected);
    assert.deepEqual(read.connection({ deviceId: "ghost" }), neverConnected);
  });
});

// spec/twins-methods-jobs 7
test("a connection ends with its identity's generation", (t) => {
  const life = [deviceCreated("d1"), moduleCreated("d1", "m1"), connected(d1), connected(m1, { generationId: "11" })];
  const again = deviceCreated("d1", { generationId: "2" });
  given(t, ...life, deviceDeleted("d1"), again, disconnected(d1), connected(d1)).check((read) => {
    assert.deepEqual(read.connection(d1), neverConnected);
    assert.deepEqual(read.connection(m1), neverConnected);
    assert.deepEqual(read.connectionsOf("node-1"), []);
  });
});

test("a module's connection needs its own generation", (t) => {
  const facts = [deviceCreated("d1"), moduleCreated("d1", "m1")];
  given(t, ...facts, connected(m1, { generationId: "11" })).check((read) => {
    assert.equal(read.connection(m1).connected, true);
    assert.deepEqual(read.connection(d1), neverConnected);
  });
  given(t, ...facts, connected(m1, { generationId: "1" })).check((read) => {
    assert.deepEqual(read.connection(m1), neverConnected);
  });
});

test("the live connections of a node are found, those of others and ended ones are not", (t) => {
  const devices = ["d1", "d2", "d3", "d4"].map((id) => deviceCreated(id));
  const node2 = connected({ deviceId: "d3" }, { nodeId: "node-2" });
  const ended = [connected({ deviceId: "d4" }), disconnected({ deviceId: "d4" })];
  const m1Connected = connected(m1, { generationId: "11" });
  const facts = [...devices, moduleCreated("d1", "m1"), connected({ deviceId: "d2" }), m1Connected, node2, ...ended];
  given(t, ...facts).check((read) => {
    const found = read.connectionsOf("node-1");
    assert.deepEqual(
      found.map(({ key }) => key),
      [m1, { deviceId: "d2" }],
    );
    assert.ok(found.every(({ connection }) => connection.connected && connection.nodeId === "node-1"));
    assert.deepEqual(read.connectionsOf("node-3"), []);
  });
});
