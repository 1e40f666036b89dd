import type { IdentityKey } from "../../core/events.ts";
import { identitySegments, restAfter } from "./topics.ts";

/** Answers to twin requests. */
export const twinResponses = "$iothub/twin/res/#";
/** Changes of the desired properties. */
export const desiredChanges = "$iothub/twin/PATCH/properties/desired/#";

/** Calls of all methods. */
export const methodCalls = "$iothub/methods/POST/#";

const fixedFilters: ReadonlySet<string> = new Set([
  twinResponses,
  desiredChanges,
  methodCalls,
  "$iothub/credentials/res/#",
]);

/** One method by name: possible by the docs, though they advise against it (spec/mqtt 5). */
const oneMethod = /^\$iothub\/methods\/POST\/([^/+#\0]+)\/#$/;

/**
 * IoT Hub's docs say 5 subscriptions at a time, yet the present C SDK needs 6 filters (spec/mqtt 4), and the exact rule is
 * unconfirmed. Ten take every filter there is for an identity and some single methods.
 */
export const maxSubscriptions = 10;

/** Tells whether `identity` may subscribe to `filter`: those of the table, for itself, and nothing else (spec/mqtt 5). */
export function isAllowedFilter(filter: string, identity: IdentityKey): boolean {
  if (fixedFilters.has(filter) || oneMethod.test(filter)) return true;
  if (identity.moduleId === undefined) return isCommandFilter(filter, identity);
  const rest = restAfter(filter, identitySegments(identity));
  return rest === "#" || rest === "inputs/#";
}

/** Whether a filter asks for a device's cloud-to-device messages; modules have none. The id in it may be encoded. */
export const isCommandFilter = (filter: string, identity: IdentityKey): boolean =>
  identity.moduleId === undefined && restAfter(filter, identitySegments(identity)) === "messages/devicebound/#";

/** The method that a filter asks for, as it is written there; undefined for a filter of another kind. */
export const methodOf = (filter: string): string | undefined => oneMethod.exec(filter)?.[1];
