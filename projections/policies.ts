import type { AccessEvent, SharedAccessPolicy } from "../core/access/policies.ts";
import type { Versioned } from "../core/ports.ts";
import { upsertSql } from "./columns.ts";
import type { Store } from "./store.ts";

/** The view of the hub's shared access policies: one row, asked for with every token that a policy signed. */
export type Policies = {
  policies(event: AccessEvent, sequence: number): void;
  /** The policies, or undefined before they were ever set. The same object until they change. */
  readonly read: () => Versioned<readonly SharedAccessPolicy[]> | undefined;
  clear(): void;
};

// There is one row: the policies of the hub as a whole.
const id = "hub";
const save = upsertSql("policies", { key: ["id"], columns: ["policies", "sequence"], jsonb: ["policies"] });
const load = "SELECT json(policies) AS policies, sequence FROM policies WHERE id = ?";

/** Makes the view over the table `policies`. */
export function createPolicies(store: Store): Policies {
  let known: Versioned<readonly SharedAccessPolicy[]> | undefined;
  let isKnown = false;
  return {
    policies(event, sequence) {
      store.prepare(save).run(id, JSON.stringify(event.data.policies), sequence);
      isKnown = false;
    },
    read() {
      if (!isKnown) known = readPolicies(store);
      isKnown = true;
      return known;
    },
    clear() {
      isKnown = false;
    },
  };
}

function readPolicies(store: Store): Versioned<readonly SharedAccessPolicy[]> | undefined {
  const row = store.prepare(load).get(id);
  if (row === undefined) return undefined;
  // The view wrote this column from policies.
  return { value: JSON.parse(String(row.policies)) as readonly SharedAccessPolicy[], sequence: Number(row.sequence) };
}
