import type { Clock, Ids } from "../ports.ts";
import { etagOf, firstEtagLimit, generationIdAt, ticksPerMs } from "./version.ts";

/** What a decision about an identity must not make itself. The last two are used when it creates one. */
export type DecisionMeta = {
  /** ISO 8601, UTC, milliseconds. */
  readonly now: string;
  readonly generationId: string;
  /** Random, so that an etag kept from an earlier generation of the id does not match. */
  readonly firstEtag: string;
};

/** Draws the time and chance for one decision. */
export function newDecisionMeta({ clock, ids }: { readonly clock: Clock; readonly ids: Ids }): DecisionMeta {
  const nowMs = clock.now();
  return {
    now: clock.isoTime(nowMs),
    generationId: generationIdAt(nowMs, ids.randomInt(ticksPerMs)),
    firstEtag: etagOf(ids.randomInt(firstEtagLimit)),
  };
}
