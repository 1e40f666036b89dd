import type { IdentityKey } from "../events.ts";
import { HubError } from "../hub-error.ts";
import type { JsonObject } from "../json.ts";
import { type ConfigureTwin, configureTwin } from "./configure.ts";
import { type DeployToTwin, deployToTwin } from "./deploy.ts";
import { difference } from "./diff.ts";
import { eventBase } from "./event-base.ts";
import { checkSectionInput } from "./limits.ts";
import { applyMergePatch, removalOf } from "./merge.ts";
import { checkSize } from "./section-size.ts";
import type { InitialTwin, TwinEvent, TwinState } from "./twin.ts";

/** `now` is ISO 8601, UTC, milliseconds. */
type TwinCommandMeta = { readonly now: string };

/** What may be asked of a twin that exists. */
export type TwinCommand =
  /** A back end merges into tags and desired properties; null empties a section. */
  | { readonly type: "UpdateTwin"; readonly data: SectionsWrite; readonly meta: TwinCommandMeta }
  /** A back end replaces tags, desired properties or both. */
  | { readonly type: "ReplaceTwin"; readonly data: SectionsWrite; readonly meta: TwinCommandMeta }
  /** The hub makes the desired properties what automatic configurations want of them. */
  | { readonly type: "ConfigureTwin"; readonly data: ConfigureTwin; readonly meta: TwinCommandMeta }
  /** The hub writes an IoT Edge deployment's content to a module. */
  | { readonly type: "DeployToTwin"; readonly data: DeployToTwin; readonly meta: TwinCommandMeta }
  /** The device or module merges into its reported properties. */
  | {
      readonly type: "PatchReported";
      readonly data: { readonly reported: JsonObject };
      readonly meta: TwinCommandMeta;
    };

/** Sections that are absent stay as they are. `ifMatch` is `*`, an etag without quotes, or absent. */
type SectionsWrite = IdentityKey & {
  readonly tags?: JsonObject | null;
  readonly desired?: JsonObject | null;
  readonly ifMatch?: string;
};

/**
 * Decides what a command does to a twin: one event, or none when there is nothing to write. Throws HubError
 * `PreconditionFailed` for a stale etag, `ArgumentInvalid` for input that `checkSectionInput` refuses, and
 * `DeviceModelMaxPropertiesExceeded` when a section would outgrow its limit. A write is accepted or refused as a whole.
 */
export function decideTwin(command: TwinCommand, state: TwinState): readonly TwinEvent[] {
  switch (command.type) {
    case "UpdateTwin":
      return updateTwin(command.data, command.meta, state);
    case "ReplaceTwin":
      return replaceTwin(command.data, command.meta, state);
    case "ConfigureTwin":
      return configureTwin(command.data, command.meta, state);
    case "DeployToTwin":
      return deployToTwin(command.data, command.meta, state);
    case "PatchReported":
      return patchReported(command.data.reported, command.meta, state);
  }
}

/**
 * Checks the content that a twin shall be born with, in a bulk registration. Throws as `decideTwin`. Nulls are refused as in
 * a replacement: there is nothing yet to remove.
 */
export function checkInitialTwin({ tags, desired }: InitialTwin): InitialTwin {
  const checkedTags = tags && checkSectionInput(tags, "refuse");
  const checkedDesired = desired && checkSectionInput(desired, "refuse");
  if (checkedTags) checkSize("tags", {}, checkedTags);
  if (checkedDesired) checkSize("desired", {}, checkedDesired);
  return { ...(checkedTags && { tags: checkedTags }), ...(checkedDesired && { desired: checkedDesired }) };
}

function updateTwin(write: SectionsWrite, { now }: TwinCommandMeta, state: TwinState): readonly TwinEvent[] {
  checkEtag(write, state);
  const tags = patchOf(write.tags, state.tags);
  const desired = patchOf(write.desired, state.desired.values);
  if (tags) checkSize("tags", state.tags, applyMergePatch(state.tags, tags));
  if (desired) checkSize("desired", state.desired.values, applyMergePatch(state.desired.values, desired));
  if (!tags && !desired) return [];
  const written = { ...(tags && { tags }), ...(desired && { desired }) };
  return [{ type: "TwinUpdated", data: { ...eventBase(state, now, written), ...written } }];
}

/**
 * The patch to write to a section, or undefined when there is none. Null stands for the removal of all there is.
 *
 * Unconfirmed: an empty patch counts as no write, so it moves no counter and the device is not told. Clients send
 * `"desired": {}` along with every change of tags, and a device would hear of each. That null empties the tags as it does
 * the desired properties is unconfirmed too.
 */
function patchOf(input: JsonObject | null | undefined, stored: JsonObject): JsonObject | undefined {
  if (input === undefined) return undefined;
  const patch = input === null ? removalOf(stored) : checkSectionInput(input, "remove");
  return Object.keys(patch).length === 0 ? undefined : patch;
}

/** Unconfirmed: a section that is left out stays as it is; an empty one, or null, empties it, and is a write. */
function replaceTwin(write: SectionsWrite, { now }: TwinCommandMeta, state: TwinState): readonly TwinEvent[] {
  checkEtag(write, state);
  const tags = write.tags === undefined ? undefined : checkSectionInput(write.tags ?? {}, "refuse");
  const desired = write.desired === undefined ? undefined : checkSectionInput(write.desired ?? {}, "refuse");
  if (tags) checkSize("tags", state.tags, tags);
  if (desired) checkSize("desired", state.desired.values, desired);
  if (!tags && !desired) return [];
  const change = desired && { desired, desiredChange: difference(state.desired.values, desired) };
  const written = { ...(tags && { tags }), ...change };
  return [{ type: "TwinReplaced", data: { ...eventBase(state, now, written), ...written } }];
}

/**
 * A device that reports nothing new, or nothing at all, still gets a new version: values are not compared, and its request
 * names the section (spec/twins-methods-jobs 2; for the empty patch unconfirmed).
 */
function patchReported(input: JsonObject, { now }: TwinCommandMeta, state: TwinState): readonly TwinEvent[] {
  const reported = checkSectionInput(input, "remove");
  checkSize("reported", state.reported.values, applyMergePatch(state.reported.values, reported));
  return [{ type: "TwinReportedPatched", data: { ...eventBase(state, now, { reported }), reported } }];
}

/** Absent or `*` is unconditional (spec/twins-methods-jobs 3). The text for a module is unconfirmed. */
function checkEtag({ ifMatch, deviceId, moduleId }: SectionsWrite, { etag }: TwinState): void {
  if (ifMatch === undefined || ifMatch === "*" || ifMatch === etag) return;
  const text = `ETag mismatch for device ID '${deviceId}'`;
  if (moduleId === undefined) throw new HubError("PreconditionFailed", text, { deviceId });
  throw new HubError("PreconditionFailed", `${text}, module ID '${moduleId}'`, { deviceId, moduleId });
}
