import { test } from "node:test";
import type { JsonObject } from "../../../../core/json.ts";
import type { TwinEvent } from "../../../../core/twin/twin.ts";
import { at2, generationId, given, replaceTwin, reportedPatched, updated, versions } from "./twin-fixture.ts";

/** What a replacement leads to, after `updated` with desired properties. */
const replaced = (sections: { tags?: JsonObject; desired?: JsonObject; desiredChange?: JsonObject }): TwinEvent => ({
  type: "TwinReplaced",
  data: {
    generationId,
    before: versions({ version: 3, etag: "AAAAAAAAAAI=", desiredVersion: 2 }),
    after: versions({ version: 4, etag: "AAAAAAAAAAM=", desiredVersion: sections.desired ? 3 : 2 }),
    at: at2,
    ...sections,
  },
});

// spec/twins-methods-jobs 4: after PUT the device gets a diff by key existence
test("A replacement tells the difference to what was there", () => {
  given(updated({ desired: { a: 1, b: 2 } }))
    .when(replaceTwin({ desired: { a: 1, c: 3 } }))
    .then(replaced({ desired: { a: 1, c: 3 }, desiredChange: { a: 1, c: 3, b: null } }));
});

// spec/http-api 3.1: PUT replaces each of tags and desired that is present
test("A replacement of tags leaves the desired properties and their version", () => {
  given(updated({ tags: { floor: 2 }, desired: { a: 1 } }))
    .when(replaceTwin({ tags: { room: "b" } }))
    .then(replaced({ tags: { room: "b" } }));
});

test("An empty section, or null, empties it and counts as a write", () => {
  for (const desired of [{}, null]) {
    given(updated({ tags: { floor: 2 }, desired: { a: 1 } }))
      .when(replaceTwin({ tags: desired, desired }))
      .then(replaced({ tags: {}, desired: {}, desiredChange: { a: null } }));
  }
});

test("A replacement of nothing is no write", () => {
  given(updated({ desired: { a: 1 } }))
    .when(replaceTwin({}))
    .changesNothing();
});

// spec/http-api 3.1: ignored input
test("An echoed section loses its $metadata and $version", () => {
  given(updated({ desired: { a: 1 } }))
    .when(replaceTwin({ desired: { a: 1, $version: 2, $metadata: { a: {} } } }))
    .then(replaced({ desired: { a: 1 }, desiredChange: { a: 1 } }));
});

// spec/twins-methods-jobs 4: PUT refuses nulls
test("A replacement with a null inside is refused", () => {
  given()
    .when(replaceTwin({ tags: { "my-tag": null } }))
    .rejects("ArgumentInvalid", "Value of Property or Tag cannot be null. Error in Property/Tag my-tag");
  given()
    .when(replaceTwin({ desired: { a: { b: null } } }))
    .rejects("ArgumentInvalid", "Value of Property or Tag cannot be null. Error in Property/Tag b");
});

// spec/twins-methods-jobs 5: section sizes
test("A replacement is held to the size of the sections it gives", () => {
  const tags = { a: "x".repeat(4096), b: "x".repeat(4096) };
  given(reportedPatched({ fan: 1 }))
    .when(replaceTwin({ tags }))
    .rejects("DeviceModelMaxPropertiesExceeded", "'Tags' size should be less than 8192 bytes.");
  const desired = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`k${i}`, "x".repeat(4094)]));
  given()
    .when(replaceTwin({ desired }))
    .rejects("DeviceModelMaxPropertiesExceeded", "'Properties.Desired' size should be less than 32768 bytes.");
});
