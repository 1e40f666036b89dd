import type { EventMeta, RecordedEvent } from "../core/events.ts";

/** What views need of an event. */
export type ViewedEvent = Pick<RecordedEvent, "sequence" | "key" | "event"> & {
  readonly meta: Pick<EventMeta, "time" | "actor" | "correlationId">;
};
