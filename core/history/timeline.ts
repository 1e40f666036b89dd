import type { RecordedEvent } from "../events.ts";
import type { HistoryFilter, StoredTelemetry, TelemetryHistory, TelemetryPart } from "../ports.ts";
import type { HistoryPage } from "./pages.ts";

/** Where a page of a timeline ended: in the journal, and in the device's telemetry partition. */
export type TimelinePosition = { readonly sequence?: number; readonly telemetry?: number };

/** Which page of a device's timeline is wanted. */
export type TimelineRequest = Omit<HistoryFilter, "afterSequence" | "fromSequence" | "toSequence"> & {
  readonly after?: TimelinePosition;
};

/** Something that happened: an event of the journal, or a telemetry message. */
export type TimelineEntry =
  | { readonly kind: "event"; readonly event: RecordedEvent }
  | { readonly kind: "telemetry"; readonly message: StoredTelemetry };

/** One page, in the order of times. It may be empty though others follow; `next` is absent on the last. */
export type TimelinePage = { readonly entries: readonly TimelineEntry[]; readonly next?: TimelinePosition };

/** What a timeline is put together of. */
export type TimelineSources = {
  readonly page: (filter: HistoryFilter) => Promise<HistoryPage>;
  readonly telemetry: TelemetryHistory;
};

/** Reads a page of both and merges them by time; each keeps its own order. */
export async function readTimeline(sources: TimelineSources, request: TimelineRequest): Promise<TimelinePage> {
  const { after = {}, ...filter } = request;
  const { sequence, telemetry } = after;
  const [events, part] = await Promise.all([
    sources.page({ ...filter, ...(sequence !== undefined && { afterSequence: sequence }) }),
    telemetryPart(sources, filter, telemetry),
  ]);
  return merged(events, part, request);
}

/** Telemetry is the doing of its sender, and belongs to its connection. */
async function telemetryPart(
  { telemetry }: TimelineSources,
  filter: Omit<HistoryFilter, "afterSequence">,
  afterSequence: number | undefined,
): Promise<TelemetryPart> {
  const { deviceId, moduleId, actor, correlationId, from, to, descending, limit } = filter;
  if (actor !== undefined && actor.kind !== "device" && actor.kind !== "module") return { messages: [] };
  const query = { deviceId, limit, ...(descending && { descending }), ...(moduleId !== undefined && { moduleId }) };
  const times = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
  const part = await telemetry.find({ ...query, ...times, ...(afterSequence !== undefined && { afterSequence }) });
  const messages = part.messages.filter(({ stamp }) => {
    if (correlationId !== undefined && stamp.connectionId !== correlationId) return false;
    if (actor === undefined) return true;
    if (actor.actor === undefined) return (stamp.moduleId === undefined) === (actor.kind === "device");
    const { actor: sender } = actor;
    return sender.kind === "device" && sender.deviceId === stamp.deviceId && sender.moduleId === stamp.moduleId;
  });
  return { ...part, messages };
}

/**
 * Takes what comes first until the page is full, or until it is not known what comes next: a source that has more to give but
 * not here ends the page.
 */
function merged(
  events: HistoryPage,
  part: TelemetryPart,
  { after = {}, limit, descending }: TimelineRequest,
): TimelinePage {
  const entries: TimelineEntry[] = [];
  let [eventCount, messageCount] = [0, 0];
  let { sequence, telemetry } = after;
  while (entries.length < limit) {
    const event = events.events[eventCount];
    const message = part.messages[messageCount];
    if ((event === undefined && events.next !== undefined) || (message === undefined && part.next !== undefined)) break;
    if (event !== undefined && (message === undefined || comesFirst(event, message, descending))) {
      entries.push({ kind: "event", event });
      eventCount += 1;
      sequence = event.sequence;
    } else if (message !== undefined) {
      entries.push({ kind: "telemetry", message });
      messageCount += 1;
      telemetry = message.sequence;
    } else break;
  }
  const [noEvent, noMessage] = [eventCount === events.events.length, messageCount === part.messages.length];
  if (noEvent && noMessage && events.next === undefined && part.next === undefined) return { entries };
  const next = {
    sequence: noEvent ? (events.next ?? sequence) : sequence,
    telemetry: noMessage ? (part.next ?? telemetry) : telemetry,
  };
  return { entries, next: positionOf(next) };
}

function comesFirst(event: RecordedEvent, message: StoredTelemetry, descending = false): boolean {
  return descending ? event.meta.time > message.time : event.meta.time <= message.time;
}

const positionOf = ({
  sequence,
  telemetry,
}: { [source in keyof TimelinePosition]-?: number | undefined }): TimelinePosition => ({
  ...(sequence !== undefined && { sequence }),
  ...(telemetry !== undefined && { telemetry }),
});
