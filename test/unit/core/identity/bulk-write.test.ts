import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../../../../core/json.ts";
import { refusal } from "../../../support/memory-hub.ts";
import { context, registryHub } from "./identity-fixture.ts";

const codes = (result: { readonly errors: readonly { readonly errorCode: number }[] }) =>
  result.errors.map(({ errorCode }) => errorCode).sort((a, b) => a - b);
const fine = { isSuccessful: true, errors: [], warnings: [] };

// spec/http-api 2.4
test("good entries are applied though others fail", async () => {
  const { bulk, put, registry } = registryHub();
  await put("there");
  const result = await bulk(
    { id: "new", importMode: "create" },
    { id: "there", importMode: "create" },
    { id: "a/b" },
    5,
  );
  assert.equal(result.isSuccessful, false);
  assert.deepEqual(result.warnings, []);
  assert.deepEqual(codes(result), [400004, 400004, 409001]);
  assert.deepEqual(
    result.errors.find(({ errorCode }) => errorCode === 409001),
    {
      deviceId: "there",
      errorCode: 409001,
      errorStatus: "A device with ID 'there' is already registered.",
      operation: "create",
    },
  );
  assert.ok(registry.getDevice("new"));
});

test("modes are read in any case, and the default is createOrUpdate", async () => {
  const { bulk, registry } = registryHub();
  assert.deepEqual(await bulk({ id: "a" }, { id: "b", importMode: "CREATE" }), fine);
  assert.deepEqual(
    await bulk({ id: "a", status: "Disabled" }, { ID: "b", ImportMode: "Update", status: "disabled" }),
    fine,
  );
  for (const id of ["a", "b"]) assert.equal(registry.getDevice(id).device.fields.status, "disabled");
  assert.deepEqual(codes(await bulk({ id: "a", importMode: "sometimes" })), [400004]);
});

// spec/identity-and-security 12: the table of modes
for (const [importMode, missing, existing, equal, stale] of [
  ["create", 0, 409001, 409001, 409001],
  ["update", 404001, 0, 0, 0],
  ["updateIfMatchETag", 404001, 0, 0, 412001],
  ["createOrUpdate", 0, 0, 0, 0],
  ["createOrUpdateIfMatchETag", 0, 0, 0, 412001],
  ["delete", 404001, 0, 0, 0],
  ["deleteIfMatchETag", 404001, 0, 0, 412001],
] as const) {
  test(`${importMode} does what the table of import modes says`, async () => {
    const { bulk, put } = registryHub();
    const outcome = async (entry: JsonObject) => (await bulk({ importMode, ...entry })).errors[0]?.errorCode ?? 0;
    await put("without");
    const { etag } = (await put("equal")).device;
    await put("stale");
    assert.equal(await outcome({ id: "missing" }), missing, "missing");
    assert.equal(await outcome({ id: "without" }), existing, "existing, entry without etag");
    assert.equal(await outcome({ id: "equal", etag }), equal, "existing, same etag");
    assert.equal(await outcome({ id: "stale", eTag: "bm9uZQ==" }), stale, "existing, other etag");
  });
}

test("a device can be born with tags and desired properties", async () => {
  const { bulk, hub } = registryHub();
  const properties = { desired: { speed: 5, $version: 7 }, reported: { ignored: true } };
  assert.deepEqual(await bulk({ id: "a", importMode: "create", tags: { floor: 3 }, properties }), fine);
  const event = hub.events[0]?.event;
  assert.ok(event?.type === "DeviceCreated");
  assert.deepEqual(event.data.twin, { tags: { floor: 3 }, desired: { speed: 5 } });
});

test("a twin that may not be keeps its device from being created", async () => {
  const { bulk, types } = registryHub();
  const result = await bulk({ id: "a", importMode: "create", tags: { "a.b": 1 } }, { id: "b", tags: [] });
  assert.deepEqual(codes(result), [400004, 400004]);
  assert.deepEqual(types(), []);
});

test("twins are replaced by the twin's own use case", async () => {
  const { bulk, put, twinWrites } = registryHub();
  await put("a");
  const result = await bulk(
    { id: "a", importMode: "updateTwin", tags: { floor: 3 }, twinETag: "ignored" },
    { id: "b", importMode: "UpdateTwinIfMatchETag", properties: { desired: { speed: 5 } }, twinETag: "AAAAAAAAAAE=" },
    { id: "a", moduleId: "m", importMode: "updateTwin", tags: {} },
  );
  assert.deepEqual(result, fine);
  assert.deepEqual(twinWrites, [
    { deviceId: "a", tags: { floor: 3 }, ifMatch: "*", ...context },
    { deviceId: "b", desired: { speed: 5 }, ifMatch: "AAAAAAAAAAE=", ...context },
    { deviceId: "a", moduleId: "m", tags: {}, ifMatch: "*", ...context },
  ]);
});

test("modules are written after the devices of the same call", async () => {
  const { bulk, registry } = registryHub();
  const created = await bulk(
    { id: "a", moduleId: "m", importMode: "create", managedBy: "me" },
    { id: "a", importMode: "create" },
    { id: "edge", importMode: "create", capabilities: { iotEdge: true } },
  );
  assert.deepEqual(created, fine);
  assert.equal(registry.getModule("a", "m").module.fields.managedBy, "me");
  assert.equal(registry.listModules("edge").length, 2);
  assert.deepEqual(await bulk({ id: "a", moduleId: "m", importMode: "delete" }), fine);
  const { errors } = await bulk({ id: "a", moduleId: "m", importMode: "update" });
  assert.deepEqual(errors, [
    { deviceId: "a", moduleId: "m", errorCode: 404010, errorStatus: "m", operation: "update" },
  ]);
});

test("a leaf device's scope is not checked in a bulk call", async () => {
  const { bulk, registry } = registryHub();
  assert.deepEqual(await bulk({ id: "leaf", importMode: "create", deviceScope: "someScope" }), fine);
  assert.deepEqual(registry.getDevice("leaf").device.fields.parentScopes, ["someScope"]);
});

test("100 entries are taken, 101 and an id that comes twice are refused as a whole", async () => {
  const { bulk, types } = registryHub();
  const entries = Array.from({ length: 101 }, (_, index) => ({ id: `dev-${index}`, importMode: "create" }));
  await assert.rejects(bulk(...entries), refusal("TooManyDevices"));
  await assert.rejects(bulk({ id: "a" }, { id: "b" }, { id: "a" }), refusal("DeviceDefinedMultipleTimes"));
  await assert.rejects(
    bulk({ id: "a", moduleId: "m" }, { id: "a", moduleId: "m" }),
    refusal("DeviceDefinedMultipleTimes"),
  );
  assert.deepEqual(types(), []);
  assert.deepEqual(await bulk(...entries.slice(1)), fine);
  assert.equal(types().length, 100);
});

test("a bug in a use case is not reported as an entry's failure", async () => {
  const { hub, bulk } = registryHub();
  hub.beforeAppend = () => {
    throw new TypeError("bug");
  };
  await assert.rejects(bulk({ id: "a" }), { name: "TypeError" });
});
