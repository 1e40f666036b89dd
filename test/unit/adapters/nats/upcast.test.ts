import assert from "node:assert/strict";
import { test } from "node:test";
import { createEventVersions, hubUpcasters } from "../../../../adapters/nats/upcast.ts";

/** As if DeviceDeleted had once been `{ id }`, then `{ deviceId }`, and now had its time too. */
const table = {
  ...hubUpcasters,
  DeviceDeleted: [
    ({ id = "" }) => ({ deviceId: id }),
    (data: object) => ({ ...data, generationId: "0", at: "2026-01-01T00:00:00.000Z" }),
  ],
} as const;

const today = { deviceId: "dev-1", generationId: "0", at: "2026-01-01T00:00:00.000Z" };

test("events of every older version get today's shape", () => {
  const versions = createEventVersions(table);
  assert.equal(versions.current("DeviceDeleted"), 3);
  const upcast = (version: number, data: Record<string, string>) =>
    versions.upcast({ type: "DeviceDeleted", version, data });
  assert.deepEqual(upcast(1, { id: "dev-1" }), { type: "DeviceDeleted", data: today });
  assert.deepEqual(upcast(2, { deviceId: "dev-1" }), { type: "DeviceDeleted", data: today });
  assert.deepEqual(upcast(3, today), { type: "DeviceDeleted", data: today });
});

test("an event type that this hub does not know is refused by its name and version", () => {
  const versions = createEventVersions();
  for (const type of ["DeviceTeleported", "__proto__", "constructor"]) {
    assert.throws(() => versions.upcast({ type, version: 4, data: {} }), {
      reason: "ServerError",
      message: new RegExp(`${type} of version 4`),
      detail: { type, version: 4 },
    });
  }
});

test("a version that this hub does not know is refused", () => {
  const versions = createEventVersions();
  for (const version of [2, 0, -1, 1.5, Number.NaN]) {
    assert.throws(() => versions.upcast({ type: "DeviceDeleted", version, data: today }), { reason: "ServerError" });
  }
});
