import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { HubError } from "../../../../core/hub-error.ts";
import { createRegistry } from "../../../../core/identity/create-registry.ts";
import { parseDevice, parseModule } from "../../../../core/identity/parse-identity.ts";
import { etagOf, generationIdAt, nextEtag, versionOf } from "../../../../core/identity/version.ts";
import type { Json, JsonObject } from "../../../../core/json.ts";
import { memoryHub } from "../../../support/memory-hub.ts";

const key = "MDEyMzQ1Njc4OWFiY2RlZg==";
const name = fc
  .constantFrom(
    "id deviceId moduleId etag eTag importMode status STATUS statusReason tags properties desired authentication type",
    "symmetricKey primaryKey secondaryKey x509Thumbprint primaryThumbprint capabilities iotEdge deviceScope parentScopes",
    "managedBy twinETag __proto__ constructor toString hasOwnProperty",
  )
  .chain((names) => fc.constantFrom(...names.split(" ")));
const text = fc.oneof(
  fc.constantFrom("", "dev-1", "m1", "dev-2", "a/b", "a b", "enabled", "Disabled", "sas", "selfSigned", "none", key),
  fc.constantFrom("create", "Update", "delete", "updateTwin", "*", "a".repeat(40), "ms-azure-iot-edge://dev-1-638"),
  fc.string({ unit: "binary", maxLength: 200 }),
);
const leaf: fc.Arbitrary<Json> = fc.oneof(text, fc.boolean(), fc.double(), fc.constant(null));

/** Built by entries, since an assignment to `__proto__` would be lost. */
const objectOf = (value: fc.Arbitrary<Json>): fc.Arbitrary<JsonObject> =>
  fc.array(fc.tuple(name, value), { maxLength: 8 }).map((entries) => Object.fromEntries(entries));
const nested = (depth: number): fc.Arbitrary<Json> =>
  depth === 0 ? leaf : fc.oneof(leaf, objectOf(nested(depth - 1)), fc.array(nested(depth - 1), { maxLength: 3 }));
const document = objectOf(nested(3));

/** Runs it, and takes no other failure than a refusal by the hub. */
function refusedAtMost(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof HubError, String(error));
  }
}

// spec/http-api 2.1, 2.3
test("any document is read or refused, and what is read keeps its bounds", () => {
  fc.assert(
    fc.property(document, (body) => {
      refusedAtMost(() => {
        const input = parseDevice(body, "dev-1");
        assert.ok(input.status === undefined || input.status === "enabled" || input.status === "disabled");
        assert.ok((input.statusReason?.length ?? 0) <= 128);
        assert.ok((input.parentScopes?.length ?? 0) <= 1);
        const { primaryKey = null, secondaryKey = null } = input.authentication?.symmetricKey ?? {};
        assert.equal(primaryKey === null, secondaryKey === null);
      });
      refusedAtMost(() => parseModule(body, "dev-1", "m1"));
    }),
    { numRuns: 2000 },
  );
});

// spec/http-api 2.4
test("any bulk call is answered, with one error an entry at most, or refused as a whole", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(document, nested(1)), { maxLength: 12 }), async (entries) => {
      const registry = createRegistry({ ...memoryHub(), replaceTwin: async () => {} });
      const context = { actor: { kind: "policy", policy: "iothubowner" }, correlationId: "test" } as const;
      for (let round = 0; round < 2; round += 1) {
        try {
          const { isSuccessful, errors } = await registry.bulk(entries as readonly JsonObject[], context);
          assert.equal(isSuccessful, errors.length === 0);
          assert.ok(errors.length <= entries.length);
          for (const { errorCode, deviceId } of errors) assert.ok(errorCode >= 400000 && deviceId.length <= 128);
        } catch (error) {
          assert.ok(error instanceof HubError, String(error));
          assert.equal(error.reason, "DeviceDefinedMultipleTimes");
        }
      }
    }),
    { numRuns: 200 },
  );
});

test("a document that the hub made can be put back without a change", async () => {
  await fc.assert(
    fc.asyncProperty(document, async (body) => {
      const hub = memoryHub();
      const registry = createRegistry({ ...hub, replaceTwin: async () => {} });
      const context = { actor: { kind: "policy", policy: "iothubowner" }, correlationId: "test" } as const;
      const created = await registry.putDevice({ deviceId: "dev-1", body, ...context }).catch((error: unknown) => {
        assert.ok(error instanceof HubError, String(error));
        return undefined;
      });
      if (created === undefined) return;
      const { fields, etag } = created.device;
      const echo = await registry.putDevice({ deviceId: "dev-1", body: { ...fields }, ifMatch: etag, ...context });
      assert.deepEqual(echo.device.fields, fields);
      const event = hub.events.at(-1)?.event;
      assert.ok(event?.type === "DeviceUpdated" && event.data.changed.length === 0 && !event.data.credentialsChanged);
    }),
    { numRuns: 300 },
  );
});

// spec/identity-and-security 1.1
test("etags count up, and generations follow time", () => {
  const version = fc.integer({ min: 0, max: 2 ** 40 });
  fc.assert(fc.property(version, (number) => assert.equal(versionOf(nextEtag(etagOf(number))), number + 1)));
  fc.assert(fc.property(fc.string({ unit: "binary" }), (any) => assert.ok(Number.isSafeInteger(versionOf(any)))));
  const nowMs = fc.integer({ min: 1.5e12, max: 4e12 });
  const ticks = fc.integer({ min: 0, max: 9999 });
  fc.assert(
    fc.property(nowMs, ticks, ticks, (now, first, second) => {
      assert.ok(generationIdAt(now, first) < generationIdAt(now + 1, second));
      assert.equal(generationIdAt(now, first).length, 18);
    }),
  );
});
