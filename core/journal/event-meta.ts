import type { Actor, EventMeta } from "../events.ts";
import type { Clock, Ids } from "../ports.ts";

/** Makes the meta of one new event: a fresh id, the time now, and who caused it in which request. */
export function newEventMeta(
  { clock, ids }: { readonly clock: Clock; readonly ids: Ids },
  { actor, correlationId }: { readonly actor: Actor; readonly correlationId: string },
): EventMeta {
  return { id: ids.uuid(), time: clock.isoTime(clock.now()), actor, correlationId };
}
