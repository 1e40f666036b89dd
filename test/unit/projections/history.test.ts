import assert from "node:assert/strict";
import { test } from "node:test";
import type { HistoryFilter } from "../../../core/ports.ts";
import {
  connected,
  deviceCreated,
  deviceDeleted,
  disconnected,
  moduleCreated,
  policiesSet,
  reportedPatched,
  timeOf,
} from "../../support/events.ts";
import { given } from "../../support/views.ts";

const d1 = { deviceId: "d1" };
const facts = [
  deviceCreated("d1"), // 1
  deviceCreated("d2"), // 2
  moduleCreated("d1", "m1"), // 3
  connected(d1), // 4
  reportedPatched(d1, { a: 1 }), // 5
  policiesSet([]), // 6
  reportedPatched({ ...d1, moduleId: "m1" }, { a: 1 }, { generationId: "11" }), // 7
  disconnected(d1), // 8
  deviceDeleted("d1"), // 9
  deviceCreated("d1", { generationId: "2" }), // 10
];

const cases: readonly (readonly [string, Partial<HistoryFilter>, readonly number[]])[] = [
  ["all of it, modules and earlier generations included", {}, [1, 3, 4, 5, 7, 8, 9, 10]],
  ["the first events", { limit: 3 }, [1, 3, 4]],
  ["the next page", { limit: 3, afterSequence: 4 }, [5, 7, 8]],
  ["the last events", { descending: true, limit: 2 }, [10, 9]],
  ["the page before", { descending: true, limit: 3, afterSequence: 9 }, [8, 7, 5]],
  ["one type", { types: ["TwinReportedPatched"] }, [5, 7]],
  ["several types", { types: ["DeviceCreated", "DeviceDeleted"] }, [1, 9, 10]],
  ["no type at all", { types: [] }, []],
  ["a type that does not exist", { types: ["__proto__"] }, []],
  ["from a time on", { from: timeOf(8) }, [8, 9, 10]],
  ["up to a time", { to: timeOf(3) }, [1, 3]],
  ["between two times, backwards", { from: timeOf(4), to: timeOf(7), descending: true }, [7, 5, 4]],
  ["everything at once", { types: ["DeviceCreated"], from: timeOf(2), afterSequence: 3, limit: 1 }, [10]],
  ["nothing", { limit: 0 }, []],
  ["nothing for a limit below zero", { limit: -1 }, []],
  ["another device", { deviceId: "d2" }, [2]],
  ["a device never heard of", { deviceId: "d3" }, []],
];

for (const [name, filter, expected] of cases) {
  test(`history: ${name}`, (t) => {
    given(t, ...facts).check((read) => {
      assert.deepEqual(read.history({ deviceId: "d1", limit: 100, ...filter }), expected);
    });
  });
}
