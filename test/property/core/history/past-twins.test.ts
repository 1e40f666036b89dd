import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import type { ConnectionEvent } from "../../../../core/connection/connection.ts";
import type { IdentityKey } from "../../../../core/events.ts";
import { createPastTwins, type PastTwins } from "../../../../core/history/past-twins.ts";
import type { Hub } from "../../../../core/hub/hub.ts";
import { HubError } from "../../../../core/hub-error.ts";
import { twinDocument } from "../../../../core/twin/document.ts";
import { rebuild } from "../../../../projections/rebuild.ts";
import { domainHub, owner, SharedJournal } from "../../../support/domain-hub.ts";
import { inBatches, openViews, temporaryFolder } from "../../../support/views.ts";
import { patch, section } from "../twin/json-arbitraries.ts";

type World = { readonly hub: Hub; readonly journal: SharedJournal; readonly deviceId: string };
/** Something that happens to a device; what the hub refuses does not happen. */
type Deed = (world: World) => Promise<unknown>;

const moduleIds = [undefined, "m", "$edgeAgent"] as const;
const keysOf = (deviceId: string): readonly IdentityKey[] =>
  moduleIds.map((moduleId) => (moduleId === undefined ? { deviceId } : { deviceId, moduleId }));
const moduleId = fc.constantFrom(...moduleIds);
const keyOf = (deviceId: string, ofModule: string | undefined): IdentityKey =>
  ofModule === undefined ? { deviceId } : { deviceId, moduleId: ofModule };

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const write = fc.tuple(moduleId, optional(patch), optional(patch)).map(
  ([ofModule, tags, desired]): Deed =>
    ({ hub, deviceId }) =>
      hub.twins.update({ ...keyOf(deviceId, ofModule), ...(tags && { tags }), ...(desired && { desired }), ...owner }),
);
const replace = fc.tuple(moduleId, section, section).map(
  ([ofModule, tags, desired]): Deed =>
    ({ hub, deviceId }) =>
      hub.twins.replace({ ...keyOf(deviceId, ofModule), tags, desired, ...owner }),
);
/** Enough reports to come over the places of snapshots. */
const reports = fc.tuple(moduleId, patch, fc.constantFrom(1, 2, 70)).map(
  ([ofModule, reported, count]): Deed =>
    async ({ hub, deviceId }) => {
      for (let number = 0; number < count; number += 1) {
        const key = keyOf(deviceId, ofModule);
        await hub.twins.patchReported({ ...key, reported: { ...reported, number }, ...owner });
      }
    },
);
const lifeOfDevice = fc.constantFrom("create", "createEdge", "delete", "disable", "enable").map(
  (what): Deed =>
    ({ hub, deviceId }) => {
      if (what === "delete") return hub.registry.deleteDevice({ deviceId, ...owner });
      if (what === "disable" || what === "enable") {
        return hub.registry.putDevice({ deviceId, body: { status: `${what}d` }, ifMatch: "*", ...owner });
      }
      const body = what === "create" ? {} : { capabilities: { iotEdge: true } };
      return hub.registry.putDevice({ deviceId, body, ...owner });
    },
);
const lifeOfModule = fc.constantFrom("create", "update", "delete").map(
  (what): Deed =>
    ({ hub, deviceId }) => {
      const module = { deviceId, moduleId: "m", ...owner };
      if (what === "delete") return hub.registry.deleteModule(module);
      return hub.registry.putModule({ ...module, body: {}, ...(what === "update" && { ifMatch: "*" }) });
    },
);
const message = fc.constantFrom("send", "send", "complete", "purge").map(
  (what): Deed =>
    async ({ hub, deviceId }) => {
      if (what === "purge") return hub.commands.purge({ deviceId, ...owner });
      if (what === "send") {
        return hub.commands.send({ deviceId, message: { properties: new Map(), body: "" }, ...owner });
      }
      const taken = await hub.commands.receive({ deviceId, connectionId: null, protocol: "https", ...owner });
      const { lockToken } = taken ?? { lockToken: "none" };
      return hub.commands.settle({ deviceId, lockToken, settlement: "complete", ...owner });
    },
);

const at = "2026-05-01T00:00:00.000Z";
/** Nodes tell of connections without asking whether the identity is still the same, so late ones are among these. */
const connection = fc
  .record({ ofModule: moduleId, what: fc.nat(2), number: fc.nat(2), isLate: fc.nat(4), hasModel: fc.boolean() })
  .map(({ ofModule, what, number, isLate, hasModel }): Deed => {
    return async ({ hub, journal, deviceId }) => {
      const key = keyOf(deviceId, ofModule);
      const generationId = isLate === 0 ? "an earlier one" : hub.twins.get(key).twin.generationId;
      const connectionId = `c${number}`;
      const data = { generationId, connectionId, at };
      const events: readonly ConnectionEvent[] = [
        {
          type: "DeviceConnected",
          data: { ...data, ...connected, nodeId: "another", ...(hasModel && { modelId: `dtmi:model;${number + 1}` }) },
        },
        { type: "DeviceDisconnected", data: { ...data, reason: "ClientDisconnected", lastActivityTime: at } },
        { type: "SubscriptionsChanged", data: { ...data, subscriptions: [] } },
      ];
      const event = events[what] ?? assert.fail();
      const subject = { aggregate: "connection", id: deviceId, ...(ofModule !== undefined && { moduleId: ofModule }) };
      const meta = { id: crypto.randomUUID(), time: at, actor: owner.actor, correlationId: connectionId };
      await journal.port.append(subject as { aggregate: "connection"; id: string }, { event, meta });
    };
  });
const connected = { protocol: "mqtt", authMethod: "{}", cleanSession: false } as const;

const deeds = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: write },
    replace,
    { weight: 3, arbitrary: reports },
    lifeOfDevice,
    lifeOfModule,
    { weight: 2, arbitrary: message },
    { weight: 3, arbitrary: connection },
  ),
  { minLength: 5, maxLength: 40 },
);

/** A twin's document as JSON, or why there is none. */
async function shown(read: () => Promise<unknown>): Promise<string> {
  try {
    return JSON.stringify(await read());
  } catch (error) {
    if (error instanceof HubError) return error.reason;
    throw error;
  }
}

const past = (pastTwins: PastTwins, key: IdentityKey, sequence: number): Promise<string> =>
  shown(async () => twinDocument((await pastTwins.at(key, { kind: "sequence", sequence })).view));

test("the state as of every sequence is that of the events up to it, in the views and in those built anew", async (t) => {
  const journal = new SharedJournal();
  const hub = await domainHub(t, journal);
  let keys: readonly IdentityKey[] = [];
  const seen: { readonly sequence: number; readonly key: IdentityKey; readonly document: string }[] = [];
  const pending: Promise<unknown>[] = [];
  journal.follow((events) => {
    for (const { sequence } of events) {
      // The views are as of this event now, and the document is read before anything else is appended.
      for (const key of keys) {
        pending.push(
          shown(async () => twinDocument(hub.twins.get(key))).then((document) =>
            seen.push({ sequence, key, document }),
          ),
        );
      }
    }
  });
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(deeds, async (life) => {
      runs += 1;
      const deviceId = `device-${runs}`;
      keys = keysOf(deviceId);
      const first = seen.length;
      await hub.registry.putDevice({ deviceId, body: {}, ...owner });
      for (const deed of life) await deed({ hub, journal, deviceId }).catch(refused);
      await Promise.all(pending.splice(0));
      for (const { sequence, key, document } of seen.slice(first)) {
        assert.equal(await past(hub.pastTwins, key, sequence), document, `${key.moduleId} at ${sequence}`);
      }
    }),
    { numRuns: 15 },
  );

  const file = join(temporaryFolder(t), "views.db");
  const { events } = journal;
  await rebuild({ file, follow: () => inBatches(events, 1000), lastSequence: events.length });
  const { store, read } = openViews(file);
  t.after(() => store.close());
  const rebuilt = createPastTwins({ journal: journal.port, readModel: read, twins: hub.twins });
  for (const { sequence, key, document } of seen) assert.equal(await past(rebuilt, key, sequence), document);
});

function refused(error: unknown): void {
  if (!(error instanceof HubError)) throw error;
}
