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

/**
 * How an automatic configuration stands with a twin that it targets (spec/twins-methods-jobs 12). When IoT Hub says which is
 * unconfirmed: here `Applied` is one that sets something in the twin, or has nothing to set, and `Targeted` one whose every
 * property is set by stronger ones.
 */
export type ConfigurationStatus = "Targeted" | "Applied";

/** The automatic configurations that target a twin, by their ids, in the order of the ids. */
export type TwinConfigurations = { readonly [configurationId: string]: { readonly status: ConfigurationStatus } };

/** The desired properties that a configuration has become the author of: a tree whose leaves are `true`. */
export type WrittenByConfiguration = {
  readonly configurationId: string;
  /** Tells the configuration's content from any other. */
  readonly digest: string;
  readonly properties: JsonObject;
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
  /**
   * Automatic configurations were applied or taken back. `configurations` is what the twin has of them from now on, `desired`
   * a merge patch and what the device is told, `written` who is the author of which property, the weakest first.
   */
  | {
      readonly type: "TwinConfigured";
      readonly data: TwinEventData & {
        readonly configurations: TwinConfigurations;
        readonly desired?: JsonObject;
        readonly written?: readonly WrittenByConfiguration[];
        /** The digest of the IoT Edge deployment's content that this wrote. */
        readonly deployment?: string;
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
  /** Absent when no configuration targets the twin. */
  readonly configurations?: TwinConfigurations;
  /** The digest of the IoT Edge deployment's content that was written to a module last. */
  readonly deployment?: string;
};
