import assert from "node:assert/strict";
import { test } from "node:test";
import { type ConnectionState, neverConnected } from "../../../../core/connection/connection.ts";
import type { LiveDevice } from "../../../../core/identity/device.ts";
import type { LiveModule } from "../../../../core/identity/module.ts";
import type { TwinView } from "../../../../core/identity/views.ts";
import type { JsonObject } from "../../../../core/json.ts";
import { deviceProperties, twinDocument } from "../../../../core/twin/document.ts";
import { evolveTwin } from "../../../../core/twin/evolve.ts";
import { at1, at2, bornAt, fresh, generationId, updated } from "./twin-fixture.ts";

const authentication = {
  type: "sas",
  symmetricKey: { primaryKey: "sealed-1", secondaryKey: "sealed-2" },
  x509Thumbprint: { primaryThumbprint: null, secondaryThumbprint: null },
} as const;

const device: LiveDevice = {
  status: "live",
  deviceId: "dev-1",
  generationId,
  etag: "MQ==",
  fields: {
    status: "enabled",
    statusReason: null,
    authentication,
    capabilities: { iotEdge: false },
    deviceScope: null,
    parentScopes: [],
  },
  statusUpdatedTime: null,
  createdTime: bornAt,
};

const module: LiveModule = {
  status: "live",
  deviceId: "dev-1",
  moduleId: "m1",
  deviceGenerationId: generationId,
  generationId: "638000000000000077",
  etag: "Mg==",
  fields: { managedBy: null, authentication: { ...authentication, type: "selfSigned" } },
  createdTime: bornAt,
};

const connection: ConnectionState = {
  ...neverConnected,
  generationId,
  connected: true,
  modelId: "dtmi:x:y;1",
  lastActivityTime: at1,
};

const view = (changes: Partial<TwinView> = {}): TwinView => ({
  twin: fresh(),
  device,
  connection: neverConnected,
  cloudToDeviceMessageCount: 0,
  ...changes,
});

// spec/http-api 3.2: members in their order
test("The document of a fresh twin", () => {
  const expected = {
    deviceId: "dev-1",
    etag: "AAAAAAAAAAE=",
    deviceEtag: "MQ==",
    status: "enabled",
    statusUpdateTime: "0001-01-01T00:00:00Z",
    connectionState: "Disconnected",
    lastActivityTime: "0001-01-01T00:00:00Z",
    cloudToDeviceMessageCount: 0,
    authenticationType: "sas",
    x509Thumbprint: { primaryThumbprint: null, secondaryThumbprint: null },
    version: 2,
    properties: {
      desired: { $metadata: { $lastUpdated: bornAt }, $version: 1 },
      reported: { $metadata: { $lastUpdated: bornAt }, $version: 1 },
    },
    capabilities: { iotEdge: false },
  };
  assert.equal(JSON.stringify(twinDocument(view())), JSON.stringify(expected));
});

test("The document of a twin with everything there is to tell", () => {
  const fields = {
    ...device.fields,
    status: "disabled",
    statusReason: "stolen",
    capabilities: { iotEdge: true },
    deviceScope: "ms-azure-iot-edge://dev-1-1",
    parentScopes: ["ms-azure-iot-edge://top-1"],
  } as const;
  const stamp = { $lastUpdated: at1, $lastUpdatedVersion: 2 };
  const document = twinDocument(
    view({
      twin: evolveTwin(fresh(), updated({ tags: { floor: 2 }, desired: { fan: 1 } })),
      device: { ...device, fields, statusUpdatedTime: at2 },
      connection,
      cloudToDeviceMessageCount: 3,
    }),
  );
  const expected = {
    deviceId: "dev-1",
    etag: "AAAAAAAAAAI=",
    deviceEtag: "MQ==",
    status: "disabled",
    statusReason: "stolen",
    statusUpdateTime: at2,
    connectionState: "Connected",
    lastActivityTime: at1,
    cloudToDeviceMessageCount: 3,
    authenticationType: "sas",
    x509Thumbprint: { primaryThumbprint: null, secondaryThumbprint: null },
    modelId: "dtmi:x:y;1",
    version: 3,
    tags: { floor: 2 },
    properties: {
      desired: { fan: 1, $metadata: { ...stamp, fan: stamp }, $version: 2 },
      reported: { $metadata: { $lastUpdated: bornAt }, $version: 1 },
    },
    capabilities: { iotEdge: true },
    deviceScope: "ms-azure-iot-edge://dev-1-1",
    parentScopes: ["ms-azure-iot-edge://top-1"],
  };
  assert.equal(JSON.stringify(document), JSON.stringify(expected));
});

// spec/http-api 3.2: capabilities absent on module GET
test("A module twin has its module's credentials and no members of the device", () => {
  const edge = { ...device.fields, capabilities: { iotEdge: true }, deviceScope: "scope", parentScopes: ["top"] };
  const document = twinDocument(view({ module, device: { ...device, fields: edge } }));
  assert.deepStrictEqual(Object.keys(document).slice(0, 6), [
    "deviceId",
    "moduleId",
    "etag",
    "deviceEtag",
    "status",
    "statusUpdateTime",
  ]);
  const { moduleId, deviceEtag, authenticationType, status } = document;
  assert.deepStrictEqual([moduleId, deviceEtag, authenticationType, status], ["m1", "Mg==", "selfSigned", "enabled"]);
  for (const member of ["capabilities", "deviceScope", "parentScopes"]) assert.equal(member in document, false, member);
});

test("What the connection of an earlier generation left behind is not shown", () => {
  const document = twinDocument(view({ connection: { ...connection, generationId: "637" } }));
  assert.equal(document.connectionState, "Disconnected");
  assert.equal(document.lastActivityTime, "0001-01-01T00:00:00Z");
  assert.equal("modelId" in document, false);
});

test("No key of the identity is in the document", () => {
  assert.doesNotMatch(JSON.stringify(twinDocument(view())), /sealed|symmetricKey/);
});

// spec/mqtt 8: the get response
test("A device sees both sections with their versions, no metadata and no tags", () => {
  const twin = evolveTwin(fresh(), updated({ tags: { floor: 2 }, desired: { fan: 1 } }));
  assert.equal(JSON.stringify(deviceProperties(twin)), '{"desired":{"fan":1,"$version":2},"reported":{"$version":1}}');
});

test("A key __proto__ comes through both documents", () => {
  const desired = JSON.parse('{"__proto__":{"a":1}}') as JsonObject;
  const twin = evolveTwin(fresh(), updated({ desired, tags: desired }));
  assert.match(JSON.stringify(deviceProperties(twin)), /"desired":\{"__proto__":\{"a":1\},"\$version":2\}/);
  assert.match(JSON.stringify(twinDocument(view({ twin }))), /"tags":\{"__proto__":\{"a":1\}\}/);
});
