import type { Actor, RecordedEvent } from "../events.ts";
import type { HistoryFilter, Journal } from "../ports.ts";
import type { JournalFilter } from "./pages.ts";

/** Whether an event has the actor, the correlation id, the type and the time that a filter asks for. */
export function isMeant({ event, meta }: RecordedEvent, filter: Omit<HistoryFilter, "deviceId" | "limit">): boolean {
  const { types, actor, correlationId, from, to } = filter;
  if (types !== undefined && !types.includes(event.type)) return false;
  if (correlationId !== undefined && meta.correlationId !== correlationId) return false;
  if ((from !== undefined && meta.time < from) || (to !== undefined && meta.time > to)) return false;
  if (actor === undefined) return true;
  return actor.actor === undefined ? kindOf(meta.actor) === actor.kind : isSameActor(meta.actor, actor.actor);
}

const kindOf = (actor: Actor): string =>
  actor.kind === "device" && actor.moduleId !== undefined ? "module" : actor.kind;

function isSameActor(a: Actor, b: Actor): boolean {
  switch (a.kind) {
    case "policy":
      return b.kind === "policy" && a.policy === b.policy;
    case "hub":
      return b.kind === "hub" && a.nodeId === b.nodeId;
    case "device":
      return b.kind === "device" && a.deviceId === b.deviceId && a.moduleId === b.moduleId;
  }
}

type ScannedJournal = Pick<Journal, "readSequences" | "scan" | "lastSequence">;

/** The events of the journal that may pass a filter. Times are taken to go up with sequences, but for the skew of clocks. */
export async function* scanJournal(
  journal: ScannedJournal,
  { from, to, fromSequence = 1, toSequence = Number.MAX_SAFE_INTEGER }: JournalFilter,
): AsyncGenerator<readonly RecordedEvent[], void, void> {
  const last = Math.min(toSequence, await journal.lastSequence());
  const first = from === undefined ? fromSequence : Math.max(fromSequence, await sequenceBefore(journal, from, last));
  if (first > last) return;
  let late = 0;
  for await (const batch of journal.scan(first - 1, last)) {
    yield batch;
    late = to !== undefined && (batch.at(-1)?.meta.time ?? "") > to ? late + 1 : 0;
    if (late > lateBatches) return;
  }
}

/** So many batches that all end too late, and what comes is too late as well. */
const lateBatches = 20;
/** So many events before the one that is found are read too: their clocks may have been ahead. */
const skewedEvents = 10_000;

/** A sequence before that of the first event of a time or later, by halving. */
async function sequenceBefore(journal: ScannedJournal, time: string, last: number): Promise<number> {
  let [low, high] = [1, last + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [event] = await journal.readSequences([middle]);
    if (event === undefined || event.meta.time >= time) high = middle;
    else low = middle + 1;
  }
  return Math.max(1, low - skewedEvents);
}
