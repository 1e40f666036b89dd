import type { EventMeta, RecordedEvent } from "../core/events.ts";

/** What views need of an event: of who did it and why they keep nothing. */
export type ViewedEvent = Pick<RecordedEvent, "sequence" | "key" | "event"> & {
  readonly meta: Pick<EventMeta, "time">;
};
