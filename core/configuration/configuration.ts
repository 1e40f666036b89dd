import type { JsonObject } from "../json.ts";

/**
 * What a configuration sets (spec/twins-methods-jobs 12): desired properties of devices, of modules, or, as an IoT Edge
 * deployment, of all modules of a device.
 */
export type ContentKind = "deviceContent" | "moduleContent" | "modulesContent";

/** The content as it was sent: its members are paths with values, or modules with such. */
export type ConfigurationContent = { readonly kind: ContentKind; readonly members: JsonObject };

/** Queries by the names of the metrics that they are for. */
export type MetricQueries = { readonly [name: string]: string };

/** What a caller says of a configuration. */
export type ConfigurationDefinition = {
  readonly id: string;
  /** Stored as it comes, and without a meaning. */
  readonly schemaVersion: string | null;
  /** Texts by name, without an effect. */
  readonly labels: JsonObject | null;
  readonly content: ConfigurationContent;
  readonly contentType: string | null;
  /** Empty: nothing is targeted. */
  readonly targetCondition: string;
  /** The higher wins. */
  readonly priority: number;
  /** The caller's own. */
  readonly metrics: MetricQueries;
};

/** Rows that queries gave, by the names of the metrics. */
export type Counts = { readonly [name: string]: number };

/** What was counted last. A query that can't be run has no count. */
export type Measurement = { readonly system: Counts; readonly custom: Counts };

/** Facts about a configuration, in the stream `configuration` of its id. They are stored: never rename a type or field. */
export type ConfigurationEvent =
  | {
      readonly type: "ConfigurationCreated";
      readonly data: {
        readonly definition: ConfigurationDefinition;
        /** Tells the content from any other. */
        readonly digest: string;
        readonly etag: string;
        readonly at: string;
      };
    }
  | {
      readonly type: "ConfigurationUpdated";
      readonly data: { readonly definition: ConfigurationDefinition; readonly etag: string; readonly at: string };
    }
  | { readonly type: "ConfigurationDeleted"; readonly data: { readonly id: string; readonly at: string } }
  /** The counts of a configuration's metrics, when one of them is another than before. */
  | {
      readonly type: "ConfigurationMeasured";
      readonly data: Measurement & { readonly id: string; readonly at: string };
    };

/** A configuration that exists. Times are ISO 8601, UTC. */
export type Configuration = ConfigurationDefinition & {
  readonly digest: string;
  readonly etag: string;
  readonly createdTime: string;
  readonly lastUpdatedTime: string;
  readonly measured: Measurement;
};

/** What the events of one configuration's id add up to. */
export type ConfigurationState =
  | { readonly status: "absent" }
  | { readonly status: "live"; readonly configuration: Configuration };

const neverMeasured: Measurement = { system: {}, custom: {} };

/** Applies one event; never refuses. */
export function evolveConfiguration(state: ConfigurationState, event: ConfigurationEvent): ConfigurationState {
  switch (event.type) {
    case "ConfigurationCreated": {
      const { definition, digest, etag, at } = event.data;
      const times = { createdTime: at, lastUpdatedTime: at };
      return { status: "live", configuration: { ...definition, digest, etag, ...times, measured: neverMeasured } };
    }
    case "ConfigurationUpdated": {
      if (state.status === "absent") return state;
      const { definition, etag, at } = event.data;
      return { status: "live", configuration: { ...state.configuration, ...definition, etag, lastUpdatedTime: at } };
    }
    case "ConfigurationMeasured": {
      if (state.status === "absent") return state;
      const { system, custom } = event.data;
      return { status: "live", configuration: { ...state.configuration, measured: { system, custom } } };
    }
    case "ConfigurationDeleted":
      return { status: "absent" };
  }
}

/**
 * Orders configurations, the strongest first: by priority, then the one that was created later (spec/twins-methods-jobs 12).
 * That the ids decide between two of the same millisecond is ours.
 */
export function byStrength(a: Configuration, b: Configuration): number {
  if (a.priority !== b.priority) return b.priority - a.priority;
  if (a.createdTime !== b.createdTime) return a.createdTime < b.createdTime ? 1 : -1;
  return a.id < b.id ? 1 : -1;
}
