import type { Actor, IdentityKey } from "../events.ts";
import type { TwinView } from "../identity/views.ts";
import { sameJson } from "../same-json.ts";
import type { TwinState } from "../twin/twin.ts";
import type { Twins, TwinWrite } from "../twin/twins.ts";
import { type Moment, notThere, type PastDeps, sequenceAt } from "./moment.ts";
import { pastAt } from "./past-events.ts";
import { visibleModule } from "./past-state.ts";
import { type DifferenceRequest, type TwinDifference, twinDifference } from "./twin-changes.ts";

/** A twin as it was. `sequence` and `time` are those of the last event that is in it, of the device or its modules. */
export type PastTwin = { readonly view: TwinView; readonly sequence: number; readonly time: string };

/** What can be put back; what the device reported is its own. */
export type RestoredPart = "tags" | "desired";

/** `parts` are all when absent; `ifMatch` is of the present twin, as in any write. */
export type RestoreTwin = IdentityKey & {
  readonly moment: Moment;
  readonly parts?: readonly RestoredPart[];
  readonly ifMatch?: string;
  readonly actor: Actor;
  readonly correlationId: string;
};

/**
 * Twins as they were. For a moment at which the twin was not there all throw HubError `DeviceNotFound` or `ModuleNotFound`; a
 * moment after the present is the present.
 */
export type PastTwins = {
  at(key: IdentityKey, moment: Moment): Promise<PastTwin>;
  /** Throws `ArgumentInvalid` when `from` is later than `to`. */
  difference(request: DifferenceRequest): Promise<TwinDifference>;
  /**
   * Makes tags and desired properties what they were, as a write of its own: it has versions and an etag, and the device is
   * told. What is the same already is not written. The moment may be one of an earlier device of that id. Throws as
   * `Twins.replace`.
   */
  restore(restore: RestoreTwin): Promise<TwinView>;
};

/** Makes the reader of past twins. Restoring goes through `twins`. */
export function createPastTwins(deps: PastDeps & { readonly twins: Pick<Twins, "get" | "replace"> }): PastTwins {
  const at = async (key: IdentityKey, moment: Moment): Promise<PastTwin> => {
    const sequence = await sequenceAt(deps, key, moment);
    const { state, cloudToDeviceMessageCount, last } = await pastAt(deps, key, sequence);
    const { device, twin, connection } = state;
    const module = key.moduleId === undefined ? undefined : visibleModule(state);
    if (device.status === "absent" || twin === undefined || last === undefined) {
      throw notThere(key, { isDeviceThere: device.status === "live" });
    }
    const view = { twin, device, ...(module && { module }), connection, cloudToDeviceMessageCount };
    return { view, sequence, time: last.meta.time };
  };
  return {
    at,
    difference: (request) => twinDifference(deps, request),
    restore: async ({ moment, parts = ["tags", "desired"], ...write }) => {
      const { deviceId, moduleId } = write;
      const key = moduleId === undefined ? { deviceId } : { deviceId, moduleId };
      const past = (await at(key, moment)).view.twin;
      const changed = changedSections(deps.twins.get(key).twin, past, parts);
      return await deps.twins.replace({ ...write, ...changed });
    },
  };
}

function changedSections(
  present: TwinState,
  past: TwinState,
  parts: readonly RestoredPart[],
): Pick<TwinWrite, "tags" | "desired"> {
  const [tags, desired] = [past.tags, past.desired.values];
  return {
    ...(parts.includes("tags") && !sameJson(tags, present.tags) && { tags }),
    ...(parts.includes("desired") && !sameJson(desired, present.desired.values) && { desired }),
  };
}
