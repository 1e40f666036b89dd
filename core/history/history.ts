import type { RecordedEvent } from "../events.ts";
import { HubError } from "../hub-error.ts";
import { ofDevice } from "../job/job-event.ts";
import type { HistoryFilter, Journal, ReadModel, TelemetryHistory } from "../ports.ts";
import type { HistoryPage, JournalFilter } from "./pages.ts";
import { isMeant, scanJournal } from "./scan-journal.ts";
import { readTimeline, type TimelinePage, type TimelineRequest } from "./timeline.ts";
import { withoutSecrets } from "./without-secrets.ts";

/** Reads the past from the journal, secrets left out. */
export type HistoryReader = {
  /**
   * The events of a device and its modules, also those of earlier generations. Throws HubError `DeviceNotFound` when the
   * journal never heard of the device.
   */
  page(filter: HistoryFilter): Promise<HistoryPage>;
  /** The same with telemetry among them. Throws as `page`, and `ServiceUnavailable`. */
  timeline(request: TimelineRequest): Promise<TimelinePage>;
  /** The events of one cause, over all devices, jobs and configurations, oldest first. */
  correlated(correlationId: string, window: CorrelatedWindow): Promise<HistoryPage>;
  /** The events of the whole journal that pass, in batches, up to the last one at the call. Slow readers slow the reading. */
  journal(filter: JournalFilter): AsyncIterable<readonly RecordedEvent[]>;
};

/** Which page of the events of one cause. */
export type CorrelatedWindow = { readonly afterSequence?: number; readonly limit: number };

/** What the history is read from. */
export type HistoryDeps = {
  readonly readModel: Pick<ReadModel, "history" | "correlated">;
  readonly journal: Pick<Journal, "readSequences" | "scan" | "lastSequence">;
  readonly telemetryHistory: TelemetryHistory;
};

/** Makes the history reader: the views know which events are meant, the journal holds them. */
export function createHistoryReader(deps: HistoryDeps): HistoryReader {
  const { readModel, journal } = deps;
  const page = async (filter: HistoryFilter): Promise<HistoryPage> => {
    const { deviceId, limit } = filter;
    if (readModel.history({ deviceId, limit: 1 }).length === 0)
      throw new HubError("DeviceNotFound", deviceId, { deviceId });
    // One more than asked tells whether another page follows.
    const found = await pageOf(journal, readModel.history({ ...filter, limit: limit + 1 }), limit);
    // An event of a job is about many devices, of which one is asked for.
    const own = found.events.map((recorded) => ({ ...recorded, event: ofDevice(recorded.event, deviceId) }));
    return { ...found, events: own.filter((recorded) => isMeant(recorded, filter)).map(withoutSecrets) };
  };
  return {
    page,
    timeline: (request) => readTimeline({ page, telemetry: deps.telemetryHistory }, request),
    async correlated(correlationId, { afterSequence = 0, limit }) {
      const sequences = readModel.correlated(correlationId, { afterSequence, limit: limit + 1 });
      const { events, ...rest } = await pageOf(journal, sequences, limit);
      return { ...rest, events: events.filter((recorded) => isMeant(recorded, { correlationId })).map(withoutSecrets) };
    },
    async *journal(filter) {
      for await (const batch of scanJournal(journal, filter)) {
        const events = batch.filter((recorded) => isMeant(recorded, filter));
        if (events.length > 0) yield events.map(withoutSecrets);
      }
    },
  };
}

/** The events at the first `limit` sequences; where the next page begins, if there are more. */
async function pageOf(
  journal: HistoryDeps["journal"],
  sequences: readonly number[],
  limit: number,
): Promise<HistoryPage> {
  const events = await journal.readSequences(sequences.slice(0, limit));
  const last = sequences[limit - 1];
  return sequences.length > limit && last !== undefined ? { events, next: last } : { events };
}
