import assert from "node:assert/strict";
import { test } from "node:test";
import {
  connected,
  deviceCreated,
  deviceDeleted,
  deviceUpdated,
  disconnected,
  moduleCreated,
} from "../../support/events.ts";
import { given } from "../../support/views.ts";

const d1 = { deviceId: "d1" };

// spec/http-api 2.5
test("devices are counted by their status", (t) => {
  const disabled = deviceCreated("d3", { fields: { status: "disabled" } });
  const facts = [deviceCreated("d1"), deviceCreated("d2"), disabled, deviceUpdated("d2", { status: "disabled" })];
  given(t, ...facts, deviceCreated("d4"), deviceDeleted("d4")).check((read) => {
    assert.deepEqual(read.statistics(), {
      totalDeviceCount: 3,
      enabledDeviceCount: 1,
      disabledDeviceCount: 2,
      connectedDeviceCount: 0,
    });
  });
});

// spec/http-api 2.5
test("connected devices are counted, modules and ended connections are not", (t) => {
  const m1 = connected({ deviceId: "d2", moduleId: "m1" }, { generationId: "11" });
  const devices = [deviceCreated("d1"), deviceCreated("d2"), moduleCreated("d2", "m1"), deviceCreated("d3")];
  const facts = [...devices, connected(d1), m1, connected({ deviceId: "d3" })];
  const count = (of: typeof facts, expected: number): void =>
    given(t, ...of).check((read) => assert.equal(read.statistics().connectedDeviceCount, expected));
  count(facts, 2);
  count([...facts, connected(d1, { connectionId: "c2" })], 2);
  count([...facts, disconnected(d1)], 1);
  count([...facts, disconnected(d1), disconnected(d1)], 1);
  count([...facts, deviceDeleted("d1"), disconnected(d1)], 1);
  count([...facts, deviceDeleted("d1"), deviceCreated("d1", { generationId: "2" })], 1);
});
