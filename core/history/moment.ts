import type { IdentityKey } from "../events.ts";
import { HubError } from "../hub-error.ts";
import type { Journal, ReadModel } from "../ports.ts";

/** A point of a twin's life: a time (ISO 8601, UTC), a journal sequence, or a version of its last generation. */
export type Moment =
  | { readonly kind: "time"; readonly time: string }
  | { readonly kind: "sequence"; readonly sequence: number }
  | { readonly kind: "version"; readonly version: number };

/** What the past of twins is read from. */
export type PastDeps = {
  readonly journal: Pick<Journal, "readSequences">;
  readonly readModel: Pick<
    ReadModel,
    "history" | "historyCount" | "twinSnapshot" | "device" | "module" | "twin" | "appliedSequence"
  >;
};

/** The events that a twin's own state is made of. */
export const twinTypes: readonly string[] = ["TwinUpdated", "TwinReplaced", "TwinConfigured", "TwinReportedPatched"];

/** What a twin is born with (spec/twins-methods-jobs 2). */
const bornVersion = 2;

/**
 * The journal sequence that a moment stands for: that of the last event of the device, its modules' included, at or before
 * it. A time counts by the times written in events; a moment after the present is the present. Throws HubError
 * `DeviceNotFound` for one before the first event, and `ModuleNotFound` too for a version that no twin has had.
 */
export async function sequenceAt(deps: PastDeps, key: IdentityKey, moment: Moment): Promise<number> {
  const { deviceId } = key;
  switch (moment.kind) {
    case "time":
      return lastOf(key, deps.readModel.history({ deviceId, to: moment.time, descending: true, limit: 1 }));
    case "sequence": {
      const toSequence = moment.sequence;
      return lastOf(key, deps.readModel.history({ deviceId, toSequence, descending: true, limit: 1 }));
    }
    case "version":
      return await sequenceOfVersion(deps, key, moment.version);
  }
}

function lastOf({ deviceId }: IdentityKey, [sequence]: readonly number[]): number {
  if (sequence === undefined) throw new HubError("DeviceNotFound", deviceId, { deviceId });
  return sequence;
}

/** How a twin is refused that was not there at a moment, as it would be if that were the present. */
export function notThere(
  { deviceId, moduleId }: IdentityKey,
  { isDeviceThere }: { readonly isDeviceThere: boolean },
): HubError {
  if (moduleId === undefined || !isDeviceThere) return new HubError("DeviceNotFound", deviceId, { deviceId });
  return new HubError("ModuleNotFound", moduleId, { deviceId, moduleId });
}

/** Versions go up by one with each event of a generation, so few events need to be looked at. */
async function sequenceOfVersion(deps: PastDeps, key: IdentityKey, version: number): Promise<number> {
  const birth = await lastBirth(deps, key);
  if (birth === undefined || version < bornVersion) throw notThere(key, { isDeviceThere: birth !== undefined });
  const { generationId, sequence: bornAt } = birth;
  if (version === bornVersion) return bornAt;
  const snapshot = deps.readModel.twinSnapshot(key, { generationId, version });
  let after = snapshot?.sequence ?? bornAt;
  if (snapshot?.value.twin.version === version) return after;
  const { deviceId, moduleId = "" } = key;
  for (;;) {
    const filter = { deviceId, moduleId, types: twinTypes, afterSequence: after, limit: pageSize };
    const sequences = deps.readModel.history(filter);
    const events = await deps.journal.readSequences(sequences);
    const found = events.find(({ event: { data } }) => "after" in data && isVersion(data, { generationId, version }));
    if (found !== undefined) return found.sequence;
    const last = sequences.at(-1);
    if (last === undefined || sequences.length < pageSize) return await sequenceAt(deps, key, present);
    after = last;
  }
}

/** As many as may lie between two snapshots. */
const pageSize = 128;

const present: Moment = { kind: "sequence", sequence: Number.MAX_SAFE_INTEGER };

type Version = { readonly generationId: string; readonly version: number };

const isVersion = (
  { generationId, after }: { readonly generationId?: string; readonly after?: { readonly version?: number } },
  wanted: Version,
): boolean => generationId === wanted.generationId && after?.version === wanted.version;

/** Where the generation that lives now began, or the last one. A module cannot be seen before its device. */
async function lastBirth(
  { journal, readModel }: PastDeps,
  { deviceId, moduleId }: IdentityKey,
): Promise<{ readonly generationId: string; readonly sequence: number } | undefined> {
  const lastOfType = (type: string, ofModule: string): readonly number[] =>
    readModel.history({ deviceId, moduleId: ofModule, types: [type], descending: true, limit: 1 });
  const device = lastOfType("DeviceCreated", "");
  const module = moduleId === undefined ? [] : lastOfType("ModuleCreated", moduleId);
  const [created] = await journal.readSequences(moduleId === undefined ? device : module);
  if (created?.event.type !== "DeviceCreated" && created?.event.type !== "ModuleCreated") return undefined;
  return { generationId: created.event.data.generationId, sequence: Math.max(...device, ...module) };
}
