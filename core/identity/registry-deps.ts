import type { Clock, Ids, Journal, ReadModel, Secrets } from "../ports.ts";
import type { TwinWrite } from "../twin/twins.ts";

/** What the registry use cases are built from. `replaceTwin` is the twin use case, for bulk calls that write twins. */
export type RegistryDeps = {
  readonly journal: Pick<Journal, "append">;
  readonly readModel: Pick<
    ReadModel,
    "device" | "devices" | "module" | "modules" | "connection" | "commandQueue" | "applied"
  >;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly secrets: Pick<Secrets, "seal" | "open" | "generateKey">;
  readonly nodeId: string;
  readonly replaceTwin: (write: TwinWrite) => Promise<unknown>;
};

/**
 * What a write expects to find: nothing, an identity (with the etag `ifMatch`, or any for `*`), or either, where
 * `ifMatch` counts for one that is there.
 */
export type WriteMode =
  | { readonly kind: "create" }
  | { readonly kind: "update"; readonly ifMatch: string }
  | { readonly kind: "createOrUpdate"; readonly ifMatch: string };

/** The mode of a single PUT: without If-Match it only creates (spec/identity-and-security 1.4). */
export const putMode = (ifMatch: string | undefined): WriteMode =>
  ifMatch === undefined ? { kind: "create" } : { kind: "update", ifMatch };
