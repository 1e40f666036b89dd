import type { RecordedEvent } from "../events.ts";
import type { HistoryFilter } from "../ports.ts";

/** One page of events. `next` is the `afterSequence` of the following page, absent on the last. */
export type HistoryPage = { readonly events: readonly RecordedEvent[]; readonly next?: number };

/** Which part of the whole journal is wanted. Times are ISO 8601, as written in the events; all bounds are inclusive. */
export type JournalFilter = Pick<HistoryFilter, "types" | "actor" | "from" | "to" | "fromSequence" | "toSequence">;
