import { HubError } from "../hub-error.ts";

/** The collections whose paths can have an index. */
export type IndexedCollection = "devices" | "devices.modules";

/** A place in the twins of a collection, by the names of the members on the way: `["tags", "location", "region"]`. */
export type IndexedPath = { readonly collection: IndexedCollection; readonly path: readonly string[] };

/** An index that an operator asked for. `createdTime` is ISO 8601, UTC, milliseconds. */
export type QueryIndex = IndexedPath & { readonly createdTime: string };

/** An index in the views of a node. */
export type NodeIndex = IndexedPath & {
  /** Who asked for it: an operator, or queries that were slow without it. */
  readonly origin: "operator" | "use";
  /** False while it is still to be made. */
  readonly isReady: boolean;
};

/** Facts about the indexes that operators asked for, in the stream `hub` / `query-indexes`. */
export type QueryIndexEvent =
  | { readonly type: "QueryIndexCreated"; readonly data: IndexedPath & { readonly at: string } }
  | { readonly type: "QueryIndexDeleted"; readonly data: IndexedPath & { readonly at: string } };

/** `now` is ISO 8601, UTC, milliseconds. */
export type QueryIndexCommand = {
  readonly type: "CreateQueryIndex" | "DeleteQueryIndex";
  readonly data: IndexedPath;
  readonly meta: { readonly now: string };
};

/** The indexes that are wanted, oldest first. */
export type QueryIndexesState = readonly QueryIndex[];

/** Every write of a twin keeps up all indexes on what it changes, so that there may not be many. */
export const mostQueryIndexes = 16;

/** As deep as twins go, with the names of the section and of its root. */
const mostSteps = 13;
const mostCharacters = 1024;

/** Finds an index by its path. */
export const findIndex = (indexes: QueryIndexesState, wanted: IndexedPath): QueryIndex | undefined =>
  indexes.find((index) => isSamePath(index, wanted));

/** Whether two paths are one. */
export const isSamePath = (a: IndexedPath, b: IndexedPath): boolean =>
  a.collection === b.collection && a.path.length === b.path.length && a.path.every((step, at) => step === b.path[at]);

/**
 * Whether a path leads into what a twin holds of its users: tags, desired and reported properties, their metadata and the
 * states of configurations. Other fields have no index of their own: their rows are short, and a scan of them is quick.
 */
export function canHaveIndex({ path }: IndexedPath): boolean {
  const [root, second, third] = path;
  const isLong = path.length > mostSteps || path.some((step) => step.length > mostCharacters);
  if (isLong || second === undefined) return false;
  if (root === "tags" || root === "configurations") return true;
  return root === "properties" && (second === "desired" || second === "reported") && isMember(third);
}

const isMember = (step: string | undefined): boolean => step !== undefined && step !== "$version";

/**
 * Decides a command; creating an index that is there changes nothing. Throws HubError `ArgumentInvalid` for a path that
 * cannot have one, `IotHubQuotaExceeded` for one index too many, and `GenericNotFound` for the deletion of none.
 */
export function decideQueryIndexes(
  { type, data, meta }: QueryIndexCommand,
  indexes: QueryIndexesState,
): readonly QueryIndexEvent[] {
  const { collection, path } = data;
  const found = findIndex(indexes, data);
  switch (type) {
    case "CreateQueryIndex":
      if (found !== undefined) return [];
      if (!canHaveIndex(data)) throw new HubError("ArgumentInvalid", pathRule);
      if (indexes.length >= mostQueryIndexes) throw new HubError("IotHubQuotaExceeded", countRule);
      return [{ type: "QueryIndexCreated", data: { collection, path, at: meta.now } }];
    case "DeleteQueryIndex":
      if (found === undefined) throw new HubError("GenericNotFound", "There is no index on this path");
      return [{ type: "QueryIndexDeleted", data: { collection, path, at: meta.now } }];
  }
}

const pathRule = "An index is on a path into tags, properties.desired, properties.reported or configurations";
const countRule = `A hub has at most ${mostQueryIndexes} indexes for queries`;

/** The indexes after an event. */
export function evolveQueryIndexes(indexes: QueryIndexesState, { type, data }: QueryIndexEvent): QueryIndexesState {
  const { collection, path, at: createdTime } = data;
  const others = indexes.filter((index) => !isSamePath(index, data));
  return type === "QueryIndexCreated" ? [...others, { collection, path, createdTime }] : others;
}
