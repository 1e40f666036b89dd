import type { IdentityKey } from "../events.ts";
import { HubError, type Reason } from "../hub-error.ts";
import type { LastingFault, LastingOperation } from "./fault.ts";

/** The faults that last, by whom they were asked for. Times are milliseconds since 1970. */
export type Faults = {
  /** Begins a fault after its delay, for its duration. An identity has one at most: the newest counts. */
  note(identity: IdentityKey, fault: LastingFault, now: number): void;
  /** The fault that the identity is in now, if any. */
  active(identity: IdentityKey, now: number): LastingFault | undefined;
};

/** Identities that may be in a fault at the same time; beyond it the oldest fault ends early. */
const maxIdentities = 10_000;

/** Makes the empty table of faults. */
export function createFaults(): Faults {
  const spells = new Map<string, { readonly fault: LastingFault; readonly from: number; readonly until: number }>();
  return {
    note(identity, fault, now) {
      const id = idOf(identity);
      const from = now + fault.delayMs;
      // Set anew, so that the map stays in the order in which the faults were asked for.
      spells.delete(id);
      spells.set(id, { fault, from, until: from + fault.durationMs });
      if (spells.size <= maxIdentities) return;
      for (const oldest of spells.keys()) {
        spells.delete(oldest);
        return;
      }
    },
    active(identity, now) {
      if (spells.size === 0) return undefined;
      const id = idOf(identity);
      const spell = spells.get(id);
      if (spell === undefined || now < spell.from) return undefined;
      if (now < spell.until) return spell.fault;
      spells.delete(id);
      return undefined;
    },
  };
}

// No id holds a slash.
const idOf = ({ deviceId, moduleId }: IdentityKey): string =>
  moduleId === undefined ? deviceId : `${deviceId}/${moduleId}`;

/** As the Node suite expects them: ThrottlingError, IotHubQuotaExceededError, UnauthorizedError. */
const reasons: Readonly<Record<LastingOperation, Reason>> = {
  ThrottlingError: "ThrottlingException",
  QuotaExceeded: "IotHubQuotaExceeded",
  AuthError: "IotHubUnauthorizedAccess",
};

/** A refusal that a device asked for itself, by a fault that lasts. */
export class InjectedFault extends HubError {
  constructor(operation: LastingOperation) {
    super(reasons[operation], `Refused by fault injection: ${operation}`, { fault: operation });
  }
}
