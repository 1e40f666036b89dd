import { test } from "node:test";
import type { JsonObject } from "../../../../core/json.ts";
import type { TwinEvent } from "../../../../core/twin/twin.ts";
import {
  at2,
  generationId,
  given,
  nested,
  replaceTwin,
  reportedPatched,
  updated,
  updateTwin,
  versions,
} from "./twin-fixture.ts";

/** What a second write to a twin leads to, after `updated` with desired properties. */
const secondUpdate = (sections: { tags?: JsonObject; desired?: JsonObject }): TwinEvent => ({
  type: "TwinUpdated",
  data: {
    generationId,
    before: versions({ version: 3, etag: "AAAAAAAAAAI=", desiredVersion: 2 }),
    after: versions({ version: 4, etag: "AAAAAAAAAAM=", desiredVersion: sections.desired ? 3 : 2 }),
    at: at2,
    ...sections,
  },
});

/** What a first write to a twin leads to, at the second time. */
const firstUpdate = (sections: { tags?: JsonObject; desired?: JsonObject }): TwinEvent => {
  const event = updated(sections);
  return { ...event, data: { ...event.data, at: at2 } } as TwinEvent;
};

// spec/twins-methods-jobs 2: one PATCH touching tags and desired counts once
test("A patch of tags and desired properties moves version, etag and desired.$version by one", () => {
  given()
    .when(updateTwin({ tags: { floor: 2 }, desired: { fan: 1 } }))
    .then(firstUpdate({ tags: { floor: 2 }, desired: { fan: 1 } }));
});

// spec/twins-methods-jobs 2: a tags-only PATCH leaves desired.$version alone
test("A patch of tags alone leaves desired.$version", () => {
  given(updated({ desired: { fan: 1 } }))
    .when(updateTwin({ tags: { floor: 2 } }))
    .then(secondUpdate({ tags: { floor: 2 } }));
});

// spec/twins-methods-jobs 2: a write with identical values still increments, so does the removal of nothing
test("A patch that changes no value still counts", () => {
  given(updated({ desired: { fan: 1 } }))
    .when(updateTwin({ desired: { fan: 1 } }))
    .then(secondUpdate({ desired: { fan: 1 } }));
  given(updated({ desired: { fan: 1 } }))
    .when(updateTwin({ desired: { lamp: null } }))
    .then(secondUpdate({ desired: { lamp: null } }));
});

// spec/twins-methods-jobs 4: the device is told the patch as sent
test("The event holds the patch as sent, nulls included", () => {
  given(updated({ desired: { net: { a: 1 } } }))
    .when(updateTwin({ desired: { net: { a: null, b: { c: null } } } }))
    .then(secondUpdate({ desired: { net: { a: null, b: { c: null } } } }));
});

// spec/twins-methods-jobs 4: `"desired": null` empties the section, by explicit nulls
test("Null for a section removes each of its keys by name", () => {
  given(updated({ desired: { fan: 1, net: { a: 1 } } }))
    .when(updateTwin({ desired: null }))
    .then(secondUpdate({ desired: { fan: null, net: null } }));
  given(updated({ tags: { floor: 2 }, desired: { fan: 1 } }))
    .when(updateTwin({ tags: null }))
    .then(secondUpdate({ tags: { floor: null } }));
});

test("Null for an empty section, an empty patch and no section at all are no writes", () => {
  for (const sections of [
    {},
    { tags: {} },
    { desired: {} },
    { tags: null, desired: null },
    { desired: { $version: 4 } },
  ]) {
    given().when(updateTwin(sections)).changesNothing();
  }
});

// spec/twins-methods-jobs 4: clients post `"desired":{}` next to tags
test("Empty desired properties beside tags are left out", () => {
  given()
    .when(updateTwin({ tags: { floor: 2 }, desired: {} }))
    .then(firstUpdate({ tags: { floor: 2 } }));
});

// spec/http-api 3.1: ignored input
test("The $metadata and $version of an echoed section are ignored", () => {
  given()
    .when(updateTwin({ desired: { fan: 1, $version: 99, $metadata: { $lastUpdated: "x" } } }))
    .then(firstUpdate({ desired: { fan: 1 } }));
});

// spec/twins-methods-jobs 2: the etag is not moved by reported updates
test("After a reported patch the etag is the first still, and matches", () => {
  given(reportedPatched({ fan: 1 }))
    .when(updateTwin({ tags: { floor: 2 }, ifMatch: "AAAAAAAAAAE=" }))
    .then({
      type: "TwinUpdated",
      data: {
        generationId,
        before: versions({ version: 3, reportedVersion: 2 }),
        after: versions({ version: 4, etag: "AAAAAAAAAAI=", reportedVersion: 2 }),
        at: at2,
        tags: { floor: 2 },
      },
    });
});

// spec/twins-methods-jobs 3, spec/http-api 3.1: If-Match
test("A matching etag, the wildcard and no etag let a write in, any other etag does not", () => {
  for (const condition of [{}, { ifMatch: "*" }, { ifMatch: "AAAAAAAAAAE=" }]) {
    given()
      .when(updateTwin({ tags: { floor: 2 }, ...condition }))
      .then(firstUpdate({ tags: { floor: 2 } }));
  }
  for (const ifMatch of ["abc", "", "AAAAAAAAAAI=", '"AAAAAAAAAAE="']) {
    given()
      .when(updateTwin({ tags: { floor: 2 }, ifMatch }))
      .rejects("PreconditionFailed", "ETag mismatch for device ID 'dev-1'");
    given()
      .when(replaceTwin({ tags: { floor: 2 }, ifMatch }))
      .rejects("PreconditionFailed", "ETag mismatch for device ID 'dev-1'");
    given().when(updateTwin({ ifMatch })).rejects("PreconditionFailed");
  }
});

test("The refusal of a module's etag names the module", () => {
  const data = { deviceId: "dev-1", moduleId: "m1", tags: { a: 1 }, ifMatch: "abc" };
  given()
    .when({ type: "UpdateTwin", data, meta: { now: at2 } })
    .rejects("PreconditionFailed", "ETag mismatch for device ID 'dev-1', module ID 'm1'");
});

// spec/twins-methods-jobs 4: patches are atomic
test("One bad key refuses the whole patch", () => {
  given()
    .when(updateTwin({ tags: { floor: 2 }, desired: { fan: 1, $bad: 1 } }))
    .rejects("ArgumentInvalid");
  given()
    .when(updateTwin({ tags: nested(11), desired: { fan: 1 } }))
    .rejects("ArgumentInvalid");
});

// spec/twins-methods-jobs 5: sizes are those after the merge
test("A patch that lets a section outgrow its limit is refused, one that makes room is not", () => {
  const big = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`k${i}`, "x".repeat(4094)]));
  given(updated({ desired: big }))
    .when(updateTwin({ desired: { extra: "x" } }))
    .rejects("DeviceModelMaxPropertiesExceeded", "'Properties.Desired' size should be less than 32768 bytes.");
  given(updated({ desired: big }))
    .when(updateTwin({ desired: { extra: "x", k0: null } }))
    .then(secondUpdate({ desired: { extra: "x", k0: null } }));
  given()
    .when(updateTwin({ tags: { a: "x".repeat(4096), b: "x".repeat(4096) } }))
    .rejects("DeviceModelMaxPropertiesExceeded", "'Tags' size should be less than 8192 bytes.");
});
