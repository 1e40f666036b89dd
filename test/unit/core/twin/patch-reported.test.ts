import { test } from "node:test";
import type { JsonObject } from "../../../../core/json.ts";
import type { TwinEvent } from "../../../../core/twin/twin.ts";
import { at2, generationId, given, patchReported, reportedPatched, updated, versions } from "./twin-fixture.ts";

const second = (reported: JsonObject): TwinEvent => ({
  type: "TwinReportedPatched",
  data: {
    generationId,
    before: versions({ version: 3, reportedVersion: 2 }),
    after: versions({ version: 4, reportedVersion: 3 }),
    at: at2,
    reported,
  },
});

// spec/twins-methods-jobs 2: version and reported.$version +1, the etag stays
test("A reported patch moves version and reported.$version by one", () => {
  given(reportedPatched({ fan: 1 }))
    .when(patchReported({ fan: 2, lamp: null }))
    .then(second({ fan: 2, lamp: null }));
});

test("A patch that reports the same, or nothing, gets a new version too", () => {
  given(reportedPatched({ fan: 1 }))
    .when(patchReported({ fan: 1 }))
    .then(second({ fan: 1 }));
  given(reportedPatched({ fan: 1 }))
    .when(patchReported({}))
    .then(second({}));
});

test("The desired properties and their counters stay out of it", () => {
  const before = versions({ version: 3, etag: "AAAAAAAAAAI=", desiredVersion: 2 });
  const data = { generationId, before, after: { ...before, version: 4, reportedVersion: 2 }, at: at2 };
  given(updated({ desired: { fan: 1 } }))
    .when(patchReported({ fan: 1 }))
    .then({ type: "TwinReportedPatched", data: { ...data, reported: { fan: 1 } } });
});

test("$metadata and $version at the root are ignored, other $ keys refused", () => {
  given(reportedPatched({}))
    .when(patchReported({ fan: 1, $version: 7, $metadata: {} }))
    .then(second({ fan: 1 }));
  given()
    .when(patchReported({ fan: 1, $other: 1 }))
    .rejects("ArgumentInvalid");
});

// spec/twins-methods-jobs 4: null inside an array
test("A null in an array is refused", () => {
  given()
    .when(patchReported({ a: [{ b: null }] }))
    .rejects("ArgumentInvalid", "Value of Property or Tag cannot be null. Error inProperty/Tag b");
});

// spec/twins-methods-jobs 5: size error seen on reported
test("Reported properties beyond 32 KB are refused, after the merge", () => {
  const big = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`k${i}`, "x".repeat(4094)]));
  given(reportedPatched(big))
    .when(patchReported({ more: true }))
    .rejects("DeviceModelMaxPropertiesExceeded", "'Properties.Reported' size should be less than 32768 bytes.");
  given(reportedPatched(big))
    .when(patchReported({ k7: "shorter" }))
    .then(second({ k7: "shorter" }));
});
