import assert from "node:assert/strict";
import { test } from "node:test";
import {
  dawn,
  deviceCreated,
  deviceDeleted,
  deviceFields,
  deviceUpdated,
  moduleCreated,
  moduleDeleted,
  moduleUpdated,
  sealedSas,
} from "../../support/events.ts";
import { given } from "../../support/views.ts";

// spec/http-api 2.1
test("a device created is read back with every field and the sequence of its event", (t) => {
  const fields = deviceFields({
    status: "disabled",
    statusReason: "lost",
    capabilities: { iotEdge: true },
    deviceScope: "ms-azure-iot-edge://d1-1",
    parentScopes: ["ms-azure-iot-edge://parent-7"],
    authentication: {
      type: "selfSigned",
      symmetricKey: { primaryKey: null, secondaryKey: null },
      x509Thumbprint: { primaryThumbprint: "A".repeat(40), secondaryThumbprint: "B".repeat(40) },
    },
  });
  given(t, deviceCreated("d0"), deviceCreated("d1", { generationId: "638", fields })).check((read) => {
    assert.deepEqual(read.device("d1"), {
      value: {
        status: "live",
        deviceId: "d1",
        generationId: "638",
        etag: "MQ==",
        fields,
        statusUpdatedTime: null,
        createdTime: dawn,
      },
      sequence: 2,
    });
    assert.equal(read.device("D1"), undefined, "ids are case-sensitive");
  });
});

// spec/http-api 2.1
test("a device updated has its new fields, and the time of a change of its status", (t) => {
  given(t, deviceCreated("d1"), deviceUpdated("d1", { status: "disabled" })).check((read) => {
    const device = read.device("d1");
    assert.equal(device?.value.fields.status, "disabled");
    assert.equal(device.value.statusUpdatedTime, dawn);
    assert.equal(device.value.etag, "Mg==");
    assert.equal(device.sequence, 2);
  });
});

// spec/http-api 2.2
test("devices are listed in the order of their ids, as many as asked for", (t) => {
  given(t, ...["b", "c", "a", "B"].map((id) => deviceCreated(id))).check((read) => {
    const ids = (limit: number) => read.devices(limit).map(({ deviceId }) => deviceId);
    assert.deepEqual(ids(1000), ["B", "a", "b", "c"]);
    assert.deepEqual(ids(2), ["B", "a"]);
    assert.deepEqual(ids(0), []);
    assert.deepEqual(ids(-1), []);
  });
});

// spec/http-api 2.3
test("a module is read back, updated and deleted", (t) => {
  const facts = [deviceCreated("d1"), moduleCreated("d1", "m1"), moduleCreated("d1", "m2")];
  given(t, ...facts, moduleUpdated("d1", "m1", "IotEdge"), moduleDeleted("d1", "m2")).check((read) => {
    const module = read.module("d1", "m1");
    assert.deepEqual(module?.value, {
      status: "live",
      deviceId: "d1",
      moduleId: "m1",
      deviceGenerationId: "1",
      generationId: "11",
      etag: "Mg==",
      fields: { managedBy: "IotEdge", authentication: sealedSas },
      createdTime: dawn,
    });
    assert.equal(module.sequence, 4);
    assert.equal(read.module("d1", "m2"), undefined);
    assert.deepEqual(read.modules("d1"), [module.value]);
    assert.deepEqual(read.modules("d2"), []);
  });
});

// spec/twins-methods-jobs 7
test("deleting a device ends its modules and their twins", (t) => {
  given(t, deviceCreated("d1"), moduleCreated("d1", "m1"), deviceDeleted("d1")).check((read) => {
    assert.equal(read.device("d1"), undefined);
    assert.equal(read.module("d1", "m1"), undefined);
    assert.deepEqual(read.modules("d1"), []);
    assert.equal(read.twin({ deviceId: "d1" }), undefined);
    assert.equal(read.twin({ deviceId: "d1", moduleId: "m1" }), undefined);
  });
});

// spec/twins-methods-jobs 7
test("a device created again starts anew, without the modules of its earlier generation", (t) => {
  const again = deviceCreated("d1", { generationId: "2" });
  given(t, deviceCreated("d1"), moduleCreated("d1", "m1"), deviceDeleted("d1"), again).check((read) => {
    assert.equal(read.device("d1")?.value.generationId, "2");
    assert.equal(read.device("d1")?.sequence, 4);
    assert.deepEqual(read.modules("d1"), []);
  });
});

// spec/http-api 2.3
test("modules written before their IoT Edge device are seen with it, not before", (t) => {
  const agent = moduleCreated("edge", "$edgeAgent", { twin: { desired: { schemaVersion: "1.0" } } });
  const hub = moduleCreated("edge", "$edgeHub", { generationId: "12" });
  const edge = deviceCreated("edge", { fields: { capabilities: { iotEdge: true } } });
  given(t, agent, hub).check((read) => {
    assert.deepEqual(read.modules("edge"), []);
    assert.equal(read.module("edge", "$edgeAgent"), undefined);
    assert.equal(read.twin({ deviceId: "edge", moduleId: "$edgeAgent" }), undefined);
  });
  given(t, agent, hub, edge).check((read) => {
    const names = read.modules("edge").map(({ moduleId }) => moduleId);
    assert.deepEqual(names, ["$edgeAgent", "$edgeHub"]);
    assert.equal(read.module("edge", "$edgeAgent")?.sequence, 1);
    const twin = read.twin({ deviceId: "edge", moduleId: "$edgeAgent" });
    assert.deepEqual(twin?.value.desired.values, { schemaVersion: "1.0" });
    assert.equal(twin.sequence, 0);
  });
});

test("modules of a generation that never came are gone once another generation is created", (t) => {
  const stray = moduleCreated("edge", "$edgeAgent", { deviceGenerationId: "8" });
  given(t, stray, deviceCreated("edge", { generationId: "9" })).check((read) => {
    assert.deepEqual(read.modules("edge"), []);
    assert.equal(read.module("edge", "$edgeAgent"), undefined);
  });
});

test("modules that wait for the next generation outlive the deletion of the present one", (t) => {
  const waiting = moduleCreated("edge", "$edgeAgent", { deviceGenerationId: "2" });
  const again = deviceCreated("edge", { generationId: "2" });
  given(t, deviceCreated("edge"), waiting, deviceDeleted("edge")).check((read) => {
    assert.deepEqual(read.modules("edge"), []);
  });
  given(t, deviceCreated("edge"), waiting, deviceDeleted("edge"), again).check((read) => {
    assert.equal(read.modules("edge").length, 1);
  });
});

test("a module of an earlier generation that comes late is not seen", (t) => {
  const late = moduleCreated("d1", "m1", { deviceGenerationId: "1" });
  given(t, deviceCreated("d1", { generationId: "2" }), late).check((read) => {
    assert.equal(read.module("d1", "m1"), undefined);
    assert.equal(read.twin({ deviceId: "d1", moduleId: "m1" }), undefined);
  });
});

test("an update of what does not exist changes nothing", (t) => {
  given(
    t,
    deviceUpdated("d1", { status: "disabled" }),
    moduleUpdated("d1", "m1", "me"),
    moduleDeleted("d1", "m1"),
  ).check((read) => {
    assert.equal(read.device("d1"), undefined);
    assert.equal(read.module("d1", "m1"), undefined);
    assert.equal(read.appliedSequence(), 3);
  });
});
