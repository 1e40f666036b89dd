import type { JsonObject } from "../json.ts";
import { nextEtag } from "./etag.ts";
import type { SectionName } from "./section-size.ts";
import type { TwinState, TwinVersions } from "./twin.ts";

/**
 * The part that every twin event has. Any write moves `version` by one and a section's own version when the write is to that
 * section; the etag moves with writes of tags and desired properties, not with reported ones (spec/twins-methods-jobs 2, by
 * inference from samples there).
 */
export function eventBase(state: TwinState, now: string, written: { readonly [section in SectionName]?: JsonObject }) {
  const { generationId, version, etag, desired, reported } = state;
  const before: TwinVersions = { version, etag, desiredVersion: desired.version, reportedVersion: reported.version };
  const after: TwinVersions = {
    version: version + 1,
    etag: written.tags || written.desired ? nextEtag(etag) : etag,
    desiredVersion: desired.version + (written.desired ? 1 : 0),
    reportedVersion: reported.version + (written.reported ? 1 : 0),
  };
  return { generationId, before, after, at: now };
}
