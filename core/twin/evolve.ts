import type { JsonObject } from "../json.ts";
import { firstEtag } from "./etag.ts";
import { applyMergePatch } from "./merge.ts";
import { type Stamp, stampAll, stampPatch } from "./metadata.ts";
import type { InitialTwin, TwinEvent, TwinSection, TwinState, WrittenByConfiguration } from "./twin.ts";

/** What the birth of a twin is made of: its identity's generation and creation time, and what it may be born with. */
export type TwinBirth = {
  readonly generationId: string;
  readonly at: string;
  readonly initial?: InitialTwin | undefined;
};

/**
 * A twin at its birth: `version` 2, sections at `$version` 1, the first etag. A section that is born empty counts as never
 * written: it has the creation time at its root and no `$lastUpdatedVersion`. Desired properties that a bulk registration
 * brings along are stamped with version 1, at the root too (spec/twins-methods-jobs 2, spec/http-api 2.4, 3.2).
 */
export function initialTwin({ generationId, at, initial = {} }: TwinBirth): TwinState {
  const { tags = {}, desired = {} } = initial;
  const written = Object.keys(desired).length > 0;
  return {
    generationId,
    version: 2,
    etag: firstEtag,
    tags: applyMergePatch({}, tags),
    desired: merged(neverWritten(at), desired, written ? desiredStamp(at, 1) : { $lastUpdated: at }, 1),
    reported: neverWritten(at),
  };
}

const neverWritten = (at: string): TwinSection => ({ values: {}, metadata: { $lastUpdated: at }, version: 1 });

/**
 * Applies one event; never refuses. The counters are the event's own. An event of another generation belongs to a twin that
 * is gone, or to one that is yet to come, and changes nothing.
 */
export function evolveTwin(state: TwinState, event: TwinEvent): TwinState {
  const { generationId, after } = event.data;
  if (generationId !== state.generationId) return state;
  const evolved = { ...state, ...sectionsAfter(state, event), version: after.version, etag: after.etag };
  return event.type === "TwinConfigured" ? withConfigurations(evolved, event) : evolved;
}

/** The sections that the event wrote. */
function sectionsAfter(state: TwinState, event: TwinEvent): Partial<TwinState> {
  switch (event.type) {
    case "TwinUpdated": {
      const { tags, desired, after, at } = event.data;
      const stamp = desiredStamp(at, after.desiredVersion);
      return {
        ...(tags && { tags: applyMergePatch(state.tags, tags) }),
        ...(desired && { desired: merged(state.desired, desired, stamp, after.desiredVersion) }),
      };
    }
    case "TwinReplaced": {
      const { tags, desired, after, at } = event.data;
      const metadata = desired && stampAll(desired, desiredStamp(at, after.desiredVersion));
      return {
        ...(tags && { tags }),
        ...(desired && metadata && { desired: { values: desired, metadata, version: after.desiredVersion } }),
      };
    }
    case "TwinConfigured": {
      const { desired = {}, written = [], after, at } = event.data;
      const stamp = desiredStamp(at, after.desiredVersion);
      const section = event.data.desired ? merged(state.desired, desired, stamp, after.desiredVersion) : state.desired;
      return { desired: { ...section, metadata: signed(section.metadata, written, stamp) } };
    }
    case "TwinReportedPatched": {
      const { reported, after, at } = event.data;
      return { reported: merged(state.reported, reported, { $lastUpdated: at }, after.reportedVersion) };
    }
  }
}

/** Names the authors of what they wrote. A node above the properties of several has the strongest of them. */
const signed = (metadata: JsonObject, written: readonly WrittenByConfiguration[], stamp: Stamp): JsonObject =>
  written.reduce((node, { configurationId, digest, properties }) => {
    const signature = { ...stamp, $lastUpdatedBy: configurationId, $lastUpdatedByDigest: digest };
    return stampPatch(node, properties, signature);
  }, metadata);

type TwinConfigured = Extract<TwinEvent, { type: "TwinConfigured" }>;

function withConfigurations(state: TwinState, { data: { configurations, deployment } }: TwinConfigured): TwinState {
  const { configurations: _before, ...others } = state;
  const deployed = deployment === undefined ? others : { ...others, deployment };
  return Object.keys(configurations).length === 0 ? deployed : { ...deployed, configurations };
}

const desiredStamp = (at: string, version: number): Stamp => ({ $lastUpdated: at, $lastUpdatedVersion: version });

function merged(section: TwinSection, patch: JsonObject, stamp: Stamp, version: number): TwinSection {
  const values = applyMergePatch(section.values, patch);
  return { values, metadata: stampPatch(section.metadata, patch, stamp), version };
}
