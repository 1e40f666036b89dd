import assert from "node:assert/strict";
import { test } from "node:test";
import { type DeviceCommand, decideDevice } from "../../../../core/identity/decide-device.ts";
import {
  type DeviceEvent,
  type DeviceFields,
  type DeviceState,
  evolveDevice,
} from "../../../../core/identity/device.ts";
import { specFor } from "../../../support/given.ts";
import { plainFields, symmetric } from "./identity-fixture.ts";

const given = specFor<DeviceCommand, DeviceEvent, DeviceState>({
  initial: () => ({ status: "absent" }),
  decide: decideDevice,
  evolve: evolveDevice,
});
const deviceId = "dev-1";
const now = "2026-03-01T12:00:00.000Z";
const meta = { now, generationId: "639", firstEtag: "MTA=" };

const create = (fields = plainFields()): DeviceCommand => ({ type: "CreateDevice", data: { deviceId, fields }, meta });
const update = (ifMatch: string, fields = plainFields()): DeviceCommand => ({
  type: "UpdateDevice",
  data: { deviceId, fields, ifMatch },
  meta,
});
const remove = (ifMatch?: string): DeviceCommand => ({
  type: "DeleteDevice",
  data: ifMatch === undefined ? { deviceId } : { deviceId, ifMatch },
  meta,
});
const created: DeviceEvent = {
  type: "DeviceCreated",
  data: { deviceId, generationId: "638", etag: "OQ==", fields: plainFields(), at: "2026-01-01T00:00:00.000Z" },
};
const deleted: DeviceEvent = { type: "DeviceDeleted", data: { deviceId, generationId: "638", at: now } };
const updated = (changes: Partial<DeviceFields>, credentialsChanged = false): DeviceEvent => ({
  type: "DeviceUpdated",
  data: {
    deviceId,
    generationId: "638",
    etag: "MTA=",
    fields: plainFields(changes),
    changed: Object.keys(changes) as (keyof DeviceFields)[],
    credentialsChanged,
    at: now,
  },
});

// spec/identity-and-security 1.4
test("a device is created with a generation and a first etag", () => {
  given()
    .when(create())
    .then({
      type: "DeviceCreated",
      data: { deviceId, generationId: "639", etag: "MTA=", fields: plainFields(), at: now },
    });
});

test("a deleted id is created again in a new generation", () => {
  const data = { deviceId, generationId: "639", etag: "MTA=", fields: plainFields(), at: now };
  given(created, deleted).when(create()).then({ type: "DeviceCreated", data });
});

test("an id that is registered is not created again", () => {
  given(created).when(create()).rejects("DeviceAlreadyExists", "A device with ID 'dev-1' is already registered.");
});

test("the twin that a bulk registration brings is part of the creation", () => {
  const twin = { tags: { floor: 3 } };
  const [event] = decideDevice(
    { type: "CreateDevice", data: { deviceId, fields: plainFields(), twin }, meta },
    { status: "absent" },
  );
  assert.deepEqual(event?.type === "DeviceCreated" && event.data.twin, twin);
});

// spec/identity-and-security 1.6
test("an IoT Edge device gets its scope from the hub and keeps it", () => {
  const edge = plainFields({ capabilities: { iotEdge: true } });
  const [event] = decideDevice(create(edge), { status: "absent" });
  assert.equal(event?.type === "DeviceCreated" && event.data.fields.deviceScope, "ms-azure-iot-edge://dev-1-639");
  given(created)
    .when(update("*", plainFields({ capabilities: { iotEdge: true } })))
    .then(updated({ capabilities: { iotEdge: true }, deviceScope: "ms-azure-iot-edge://dev-1-638" }));
});

// spec/http-api 2.1: +1 per identity update
test("an update with * or the etag names what changed and raises the etag by one", () => {
  given(created)
    .when(update("*", plainFields({ status: "disabled", statusReason: "lost" })))
    .then(updated({ status: "disabled", statusReason: "lost" }));
  given(created).when(update("OQ==")).then(updated({}));
});

test("an update with another etag is refused with both versions", () => {
  given(created)
    .when(update("MTA="))
    .rejects(
      "PreconditionFailed",
      "Precondition failed: Device version did not match, existingVersion:9 newVersion:10",
    );
  given(created)
    .when(update("no etag"))
    .rejects("PreconditionFailed", /existingVersion:9 newVersion:0$/);
});

test("an update or deletion of an unknown device is refused, whatever its If-Match", () => {
  given().when(update("*")).rejects("DeviceNotFound", "dev-1");
  given(created, deleted).when(update("OQ==")).rejects("DeviceNotFound");
  given().when(remove()).rejects("DeviceNotFound", "dev-1");
});

test("an update that takes a key away says so", () => {
  given(created)
    .when(update("*", plainFields({ authentication: symmetric("p", "new") })))
    .then(updated({ authentication: symmetric("p", "new") }, true));
  given(created)
    .when(update("*", plainFields({ authentication: symmetric("s", "p") })))
    .then(updated({ authentication: symmetric("s", "p") }, false));
});

// spec/http-api 2.2
test("a device is deleted with *, with its etag, and without a precondition", () => {
  const gone: DeviceEvent = { type: "DeviceDeleted", data: { deviceId, generationId: "638", at: now } };
  for (const ifMatch of ["*", "OQ==", undefined]) given(created).when(remove(ifMatch)).then(gone);
  given(created).when(remove("MTA=")).rejects("PreconditionFailed", "Precondition failed: Invalid ETag");
});
