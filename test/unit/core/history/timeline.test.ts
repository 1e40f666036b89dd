import assert from "node:assert/strict";
import { test } from "node:test";
import type { HistoryPage } from "../../../../core/history/pages.ts";
import {
  readTimeline,
  type TimelineEntry,
  type TimelinePosition,
  type TimelineRequest,
} from "../../../../core/history/timeline.ts";
import type { HistoryFilter, StoredTelemetry, TelemetryPart, TelemetryQuery } from "../../../../core/ports.ts";
import { connected, record, timeOf } from "../../../support/events.ts";

/** Events at seconds 1, 2, 3 and so on. */
const events = record(Array.from({ length: 6 }, () => connected({ deviceId: "d" })));

const stamp = { deviceId: "d", generationId: "1", authMethod: "{}", connectionId: "c1" };
const message = (sequence: number, second: number, more: Partial<StoredTelemetry["stamp"]> = {}): StoredTelemetry => ({
  partition: 0,
  sequence,
  time: timeOf(second),
  stamp: { ...stamp, ...more },
  properties: { system: {}, application: new Map() },
  body: new Uint8Array(),
});
/** Two after each of the first events, and one of a module at the end. */
const messages = [
  message(11, 1.2),
  message(12, 1.4),
  message(15, 2.2),
  message(17, 5.5),
  message(19, 9, { moduleId: "m", connectionId: "c2" }),
];

/** `most` is how many messages one look-up gives, though more follow. */
const sources = (most = 100) => ({
  page: async ({ afterSequence, descending, limit }: HistoryFilter): Promise<HistoryPage> => {
    const rest = inOrder(events, descending).filter(({ sequence }) => isBeyond(sequence, afterSequence, descending));
    const next = rest.length > limit ? rest[limit - 1]?.sequence : undefined;
    return { events: rest.slice(0, limit), ...(next !== undefined && { next }) };
  },
  telemetry: {
    find: async ({ afterSequence, descending, limit }: TelemetryQuery): Promise<TelemetryPart> => {
      const rest = inOrder(messages, descending).filter(({ sequence }) =>
        isBeyond(sequence, afterSequence, descending),
      );
      const part = rest.slice(0, Math.min(most, limit));
      const next = rest.length > part.length ? part.at(-1)?.sequence : undefined;
      return { messages: part, ...(next !== undefined && { next }) };
    },
  },
});

const inOrder = <T>(all: readonly T[], descending = false): readonly T[] => (descending ? all.toReversed() : all);
const isBeyond = (sequence: number, after: number | undefined, descending = false): boolean =>
  after === undefined || (descending ? sequence < after : sequence > after);

const shown = (entry: TimelineEntry): string =>
  entry.kind === "event" ? `#${entry.event.sequence}` : `${entry.message.sequence}`;

async function all(request: Omit<TimelineRequest, "deviceId" | "after">, most?: number): Promise<string[]> {
  const found: string[] = [];
  let after: TimelinePosition | undefined;
  for (let pages = 0; pages < 50; pages += 1) {
    const page = await readTimeline(sources(most), {
      deviceId: "d",
      ...request,
      ...(after !== undefined && { after }),
    });
    assert.ok(page.entries.length <= request.limit);
    found.push(...page.entries.map(shown));
    if (page.next === undefined) return found;
    after = page.next;
  }
  throw new Error("the pages have no end");
}

const merged = ["#1", "11", "12", "#2", "15", "#3", "#4", "#5", "17", "#6", "19"];

for (const limit of [1, 2, 3, 100]) {
  for (const most of [1, 2, 100]) {
    test(`events and telemetry come by time, ${limit} a page, ${most} messages a look-up`, async () => {
      assert.deepEqual(await all({ limit }, most), merged);
      assert.deepEqual(await all({ limit, descending: true }, most), merged.toReversed());
    });
  }
}

test("telemetry is its sender's doing and belongs to its connection", async () => {
  const telemetryOf = async (filter: Partial<HistoryFilter>): Promise<readonly string[]> =>
    (await all({ limit: 100, ...filter })).filter((text) => !text.startsWith("#"));
  assert.deepEqual(await telemetryOf({ actor: { kind: "policy" } }), []);
  assert.deepEqual(await telemetryOf({ actor: { kind: "module" } }), ["19"]);
  assert.deepEqual(await telemetryOf({ actor: { kind: "device", actor: { kind: "device", deviceId: "d" } } }), [
    "11",
    "12",
    "15",
    "17",
  ]);
  assert.deepEqual(await telemetryOf({ correlationId: "c2" }), ["19"]);
});
