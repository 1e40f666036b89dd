import type { JsonObject } from "../../../../core/json.ts";
import { decideTwin, type TwinCommand } from "../../../../core/twin/decide.ts";
import { evolveTwin, initialTwin } from "../../../../core/twin/evolve.ts";
import type { TwinEvent, TwinState, TwinVersions } from "../../../../core/twin/twin.ts";
import { specFor } from "../../../support/given.ts";

export const generationId = "638000000000000001";
/** When the twin was born, and the times of the writes that follow. */
export const bornAt = "2026-01-01T00:00:00.000Z";
export const at1 = "2026-01-02T00:00:00.000Z";
export const at2 = "2026-01-03T00:00:00.000Z";

/** A twin as it is born. */
export const fresh = (): TwinState => initialTwin({ generationId, at: bornAt });

/** The counters of a fresh twin, with what differs. */
export const versions = (changes: Partial<TwinVersions> = {}): TwinVersions => ({
  version: 2,
  etag: "AAAAAAAAAAE=",
  desiredVersion: 1,
  reportedVersion: 1,
  ...changes,
});

/** Runs the twin's decider from a fresh twin on. */
export const given = specFor<TwinCommand, TwinEvent, TwinState>({
  initial: fresh,
  decide: decideTwin,
  evolve: evolveTwin,
});

type Sections = { readonly tags?: JsonObject | null; readonly desired?: JsonObject | null; readonly ifMatch?: string };

export const updateTwin = (sections: Sections): TwinCommand => ({
  type: "UpdateTwin",
  data: { deviceId: "dev-1", ...sections },
  meta: { now: at2 },
});

export const replaceTwin = (sections: Sections): TwinCommand => ({
  type: "ReplaceTwin",
  data: { deviceId: "dev-1", ...sections },
  meta: { now: at2 },
});

export const patchReported = (reported: JsonObject): TwinCommand => ({
  type: "PatchReported",
  data: { reported },
  meta: { now: at2 },
});

/** A first write to a fresh twin: tags and desired properties. */
export const updated = (sections: { readonly tags?: JsonObject; readonly desired?: JsonObject }): TwinEvent => ({
  type: "TwinUpdated",
  data: {
    generationId,
    before: versions(),
    after: versions({ version: 3, etag: "AAAAAAAAAAI=", desiredVersion: sections.desired ? 2 : 1 }),
    at: at1,
    ...sections,
  },
});

/** A first write to a fresh twin: reported properties. */
export const reportedPatched = (reported: JsonObject): TwinEvent => ({
  type: "TwinReportedPatched",
  data: { generationId, before: versions(), after: versions({ version: 3, reportedVersion: 2 }), at: at1, reported },
});

/** An object around an object, `depth` of them, the innermost holding a leaf. */
export const nested = (depth: number): JsonObject => (depth === 0 ? { leaf: 1 } : { o: nested(depth - 1) });
