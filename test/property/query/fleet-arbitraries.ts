import fc from "fast-check";
import type { Json, JsonObject } from "../../../core/json.ts";
import type { FleetMember } from "../../support/query-fleet.ts";

/*
 * Fleets over few keys and few values, so that conditions find some rows and not others. Keys are such as would break out of
 * quotes or mean something to JSON paths.
 */

/** Names of properties. */
export const key = fc.constantFrom(
  "a",
  "a",
  "a",
  "b",
  "A",
  'q"uote',
  "it's",
  "back\\slash",
  "[0]",
  "*",
  "__proto__",
  "é😀",
  "toString",
);

const time = fc.constantFrom(
  "2026-11-20",
  "2026-11-20T10:00:00Z",
  "2026-11-20T10:00:00.000Z",
  "2026-11-20T10:00:00.0000001Z",
  "2026-11-20T09:00:00-01:00",
  "2026-11-20T10:00:00.001Z",
  "0000-01-01T00:00:00+01:00",
  "9999-12-31T23:59:59.9999999-23:59",
);

const text = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      "",
      "a",
      "ab",
      "A",
      "1",
      "true",
      "null",
      "{}",
      "[]",
      '{"a":1}',
      "\u0000",
      "a\u0000b",
      "é",
      "\uffff",
      "😀",
      "\u{10ffff}",
    ),
  },
  { weight: 2, arbitrary: time },
  { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 3 }).filter((value) => value.isWellFormed()) },
);

/** Quarters add up without rounding, in whatever order. */
const number = fc.oneof(
  fc.constantFrom(0, 1, -1, 2, 60, 0.25, 2 ** 52 - 1, -(2 ** 52)),
  fc.integer({ min: -400, max: 400 }).map((quarters) => quarters / 4),
);

/** What a query can hold and a document too. */
export const primitive: fc.Arbitrary<null | boolean | number | string> = fc.oneof(
  fc.constantFrom(null, true, false),
  number,
  text,
);

const { json } = fc.letrec<{ json: Json; object: JsonObject }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 2, depthSize: "small" },
    { weight: 4, arbitrary: primitive },
    { weight: 1, arbitrary: fc.array(tie("json"), { maxLength: 3 }) },
    { weight: 2, arbitrary: tie("object") },
  ),
  object: fc.array(fc.tuple(key, tie("json")), { maxLength: 4 }).map((members) => Object.fromEntries(members)),
}));

const object = fc
  .array(fc.tuple(key, json), { maxLength: 5 })
  .map((members): JsonObject => Object.fromEntries(members));

const hubTime = fc.constantFrom("2026-11-20T10:00:00.000Z", "2026-11-20T10:00:00.001Z", "2026-11-19T23:59:59.999Z");
const id = fc.constantFrom("d", "D", "dev-1", "dev-10", "dev-2", "é", "it's", "2026-11-20", "[x]");

/** Up to a dozen devices with different ids, or modules. */
export const fleet = (ofModules: boolean): fc.Arbitrary<readonly FleetMember[]> =>
  fc
    .uniqueArray(
      fc.record(
        {
          deviceId: id,
          moduleId: fc.constantFrom("m", "$edgeAgent", "M"),
          tags: object,
          desired: object,
          reported: object,
          status: fc.constantFrom("enabled", "disabled"),
          statusReason: text,
          statusUpdatedTime: hubTime,
          iotEdge: fc.boolean(),
          deviceScope: text,
          parentScopes: fc.array(text, { maxLength: 2 }),
          primaryThumbprint: text,
          connected: fc.boolean(),
          lastActivityTime: hubTime,
          modelId: text,
          connectionIsStale: fc.boolean(),
          configurations: fc.dictionary(key, fc.constant("Applied" as const), { minKeys: 1, maxKeys: 2 }),
          messages: fc.integer({ min: 0, max: 3 }),
        },
        { requiredKeys: ofModules ? ["deviceId", "moduleId"] : ["deviceId"] },
      ),
      { maxLength: 12, selector: ({ deviceId, moduleId }) => (ofModules ? `${deviceId}\n${moduleId}` : deviceId) },
    )
    .map((members) => (ofModules ? members.map(asModule) : members.map(asDevice)));

const asDevice = ({ moduleId: _moduleId, ...member }: FleetMember): FleetMember => member;

/** What only devices have says nothing of a module. */
const asModule = ({
  deviceId,
  moduleId = "m",
  tags = {},
  desired = {},
  reported = {},
  ...member
}: FleetMember): FleetMember => ({
  deviceId,
  moduleId,
  tags,
  desired,
  reported,
  ...(member.lastActivityTime !== undefined && { lastActivityTime: member.lastActivityTime }),
  ...(member.configurations !== undefined && { configurations: member.configurations }),
  ...(member.connected !== undefined && { connected: member.connected }),
  ...(member.connectionIsStale !== undefined && { connectionIsStale: member.connectionIsStale }),
});
