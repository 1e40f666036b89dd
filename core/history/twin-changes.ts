import type { HubEvent, IdentityKey, RecordedEvent } from "../events.ts";
import { HubError } from "../hub-error.ts";
import type { JsonObject } from "../json.ts";
import type { TwinState, TwinVersions } from "../twin/twin.ts";
import { type JsonPatch, jsonPatch } from "./json-patch.ts";
import { type Moment, notThere, type PastDeps, sequenceAt, twinTypes } from "./moment.ts";
import { pastAt } from "./past-events.ts";
import { evolvePast } from "./past-state.ts";

/** One change of a twin: who made it, and the JSON Patch from what it was to what it became. */
export type TwinChange = {
  readonly event: RecordedEvent;
  readonly patch: JsonPatch;
  /** After the change; undefined when the twin ended with it. */
  readonly versions: TwinVersions | undefined;
};

/** One end of a difference. */
export type TwinEnd = { readonly sequence: number; readonly time: string; readonly versions: TwinVersions };

/** How a twin came from one state to another. Patches are of the object that `twinContent` makes. */
export type TwinDifference = {
  readonly from: TwinEnd;
  readonly to: TwinEnd;
  /** From the one to the other, whatever was between. */
  readonly patch: JsonPatch;
  /** Oldest first. */
  readonly changes: readonly TwinChange[];
  /** The `afterSequence` of the following page of changes, absent on the last. */
  readonly next?: number;
};

/** Between which moments, and which page of the changes. */
export type DifferenceRequest = IdentityKey & {
  readonly from: Moment;
  readonly to: Moment;
  readonly afterSequence?: number;
  readonly limit: number;
};

/** How a twin differs between two moments. Throws as `sequenceAt`, and `ArgumentInvalid` when they are the wrong way around. */
export async function twinDifference(deps: PastDeps, request: DifferenceRequest): Promise<TwinDifference> {
  const [first, last] = [await sequenceAt(deps, request, request.from), await sequenceAt(deps, request, request.to)];
  if (first > last) throw new HubError("ArgumentInvalid", "from must not be later than to");
  const [before, after] = [await endAt(deps, request, first), await endAt(deps, request, last)];
  const patch = jsonPatch(twinContent(before.twin), twinContent(after.twin));
  const page = await changesBetween(deps, request, { first: Math.max(first, request.afterSequence ?? 0), last });
  return { from: before.end, to: after.end, patch, ...page };
}

async function endAt(deps: PastDeps, key: IdentityKey, sequence: number) {
  const { state, last } = await pastAt(deps, key, sequence);
  if (state.twin === undefined || last === undefined)
    throw notThere(key, { isDeviceThere: state.device.status === "live" });
  const end: TwinEnd = { sequence, time: last.meta.time, versions: versionsOf(state.twin) };
  return { twin: state.twin, end };
}

type Range = { readonly first: number; readonly last: number };
type ChangePage = Pick<TwinDifference, "changes" | "next">;

/** The changes after the first sequence, up to the last. */
async function changesBetween(deps: PastDeps, request: DifferenceRequest, range: Range): Promise<ChangePage> {
  const sequences = changeSequences(deps, request, range);
  const events = await deps.journal.readSequences(sequences.slice(0, request.limit));
  let { state } = await pastAt(deps, request, range.first);
  const changes = events.flatMap((event): readonly TwinChange[] => {
    const { twin } = state;
    state = evolvePast(request, state, event);
    if (state.twin === twin) return [];
    const patch = jsonPatch(twinContent(twin), twinContent(state.twin));
    return [{ event, patch, versions: state.twin && versionsOf(state.twin) }];
  });
  const next = events.at(-1)?.sequence;
  return sequences.length > request.limit && next !== undefined ? { changes, next } : { changes };
}

/** Where the changes may be: one more than asked for tells whether another page follows. */
function changeSequences({ readModel }: PastDeps, request: DifferenceRequest, { first, last }: Range): number[] {
  const { deviceId, moduleId = "", limit } = request;
  const range = { deviceId, fromSequence: first + 1, toSequence: last, limit: limit + 1 };
  const own = readModel.history({ ...range, moduleId, types: [...twinTypes, ...lifeTypes] });
  const ofDevice = moduleId === "" ? [] : readModel.history({ ...range, moduleId: "", types: lifeTypes });
  return [...own, ...ofDevice].sort((a, b) => a - b).slice(0, limit + 1);
}

const lifeTypes: readonly HubEvent["type"][] = ["DeviceCreated", "DeviceDeleted", "ModuleCreated", "ModuleDeleted"];

const versionsOf = ({ version, etag, desired, reported }: TwinState): TwinVersions => ({
  version,
  etag,
  desiredVersion: desired.version,
  reportedVersion: reported.version,
});

/**
 * What changes of a twin are told of: tags and properties as its document has them, without versions and metadata. Tags that
 * are empty are not there; nor is anything of a twin that does not exist.
 */
export const twinContent = (twin: TwinState | undefined): JsonObject =>
  twin === undefined
    ? {}
    : {
        ...(Object.keys(twin.tags).length > 0 && { tags: twin.tags }),
        properties: { desired: twin.desired.values, reported: twin.reported.values },
      };
