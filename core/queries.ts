import type { IdentityKey } from "./actor.ts";

/** One page of a query's result. */
export type QueryPage = {
  readonly itemType: "Twin" | "Raw" | "DeviceJob";
  /** JSON text of each row. */
  readonly rows: readonly string[];
  /** Where the next page begins; undefined on the last one. Opaque; it belongs to this query's text. */
  readonly next: string | undefined;
};

/** How much of a query's result is wanted. */
export type QueryWindow = { readonly limit: number; readonly after?: string };

/**
 * Runs queries over the views, off the loop that holds the connections. What was applied before the call is seen. A text
 * that is no query is refused with HubError `ArgumentInvalid`, whose message tells the place; one that takes too long or
 * finds too many others waiting with `ServiceUnavailable`.
 */
export type Queries = {
  page(text: string, window: QueryWindow): Promise<QueryPage>;
  /**
   * The devices, or modules, that a condition of a job or of a configuration stands for (spec/query-language 13), ordered by
   * device id and module id, from after `after` on.
   */
  targets(
    condition: string,
    window: { readonly limit: number; readonly after?: IdentityKey },
  ): Promise<readonly IdentityKey[]>;
  /** How many rows a query has. */
  count(text: string): Promise<number>;
  /** Checks a query, or such a condition, without running it. Throws HubError `ArgumentInvalid`. */
  check(what: "query" | "deviceTarget" | "moduleTarget" | "jobTarget", text: string): void;
};
