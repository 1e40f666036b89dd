import type { JsonObject } from "../json.ts";

/** The content a twin may be born with, by a bulk registration. */
export type InitialTwin = { readonly tags?: JsonObject; readonly desired?: JsonObject };

/** The counters of a twin. `etag` covers tags and desired properties, `version` every write. */
export type TwinVersions = {
  readonly version: number;
  readonly etag: string;
  readonly desiredVersion: number;
  readonly reportedVersion: number;
};

type TwinEventData = {
  /** The generation of the identity that the twin belongs to; an event of another generation counts for nothing. */
  readonly generationId: string;
  readonly before: TwinVersions;
  readonly after: TwinVersions;
  /** ISO 8601, UTC, milliseconds: the `$lastUpdated` of what the event touched. */
  readonly at: string;
};

/**
 * Facts about a twin, in the stream `twin` of its device or module. They are stored: never rename a type, never retype a
 * field. Patches are merge patches (RFC 7396): null removes. The twin itself begins with its identity's creation.
 */
export type TwinEvent =
  /** A back end merged into tags, desired properties or both. `desired` is also what the device is told. */
  | {
      readonly type: "TwinUpdated";
      readonly data: TwinEventData & { readonly tags?: JsonObject; readonly desired?: JsonObject };
    }
  /** A back end replaced tags, desired properties or both. `desiredChange` is the difference that the device is told. */
  | {
      readonly type: "TwinReplaced";
      readonly data: TwinEventData & {
        readonly tags?: JsonObject;
        readonly desired?: JsonObject;
        readonly desiredChange?: JsonObject;
      };
    }
  /** The device or module merged into its reported properties. */
  | { readonly type: "TwinReportedPatched"; readonly data: TwinEventData & { readonly reported: JsonObject } };

/** One section of properties, with the `$metadata` tree beside it and its `$version`. */
export type TwinSection = { readonly values: JsonObject; readonly metadata: JsonObject; readonly version: number };

/** A twin as it stands. Its life is its identity's: there is no absent state here. */
export type TwinState = {
  readonly generationId: string;
  readonly version: number;
  readonly etag: string;
  readonly tags: JsonObject;
  readonly desired: TwinSection;
  readonly reported: TwinSection;
};
