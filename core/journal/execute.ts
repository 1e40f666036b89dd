import type { AggregateKey, EventMeta, HubEvent } from "../events.ts";
import { HubError } from "../hub-error.ts";
import type { Journal, ReadModel } from "../ports.ts";

/** The state of an aggregate and the sequence of its last event in the local views; 0 when they hold none. */
export type Loaded<State> = { readonly state: State; readonly sequence: number };

/** One decision to be made and recorded. `load` reads the local views, `decide` may refuse by throwing a HubError. */
export type Execution<State, Event extends HubEvent> = {
  readonly journal: Pick<Journal, "append">;
  readonly readModel: Pick<ReadModel, "applied">;
  readonly key: AggregateKey;
  readonly load: () => Loaded<State>;
  readonly decide: (state: State) => readonly Event[];
  readonly meta: EventMeta;
};

/** The state after the decision, and what the decision was. */
export type Executed<State, Event extends HubEvent> = Loaded<State> & { readonly events: readonly Event[] };

// Every lost race means that somebody else won one, so this many in a row is a caller that hammers a single aggregate.
const maxAttempts = 20;

/**
 * Loads, decides and appends with the expected sequence; when somebody else wrote first, waits until the local views
 * have that write and decides again. Resolves once the local views have applied the result, so the caller reads its own
 * write. Throws what `decide` throws, and HubError `ServiceUnavailable` when the journal is out of reach or all races
 * were lost.
 */
export async function execute<State, Event extends HubEvent>(
  execution: Execution<State, Event>,
): Promise<Executed<State, Event>> {
  const { journal, readModel, key, load, decide, meta } = execution;
  // A deleted aggregate loads with sequence 0 although its subject has events: only the conflict tells where it stands.
  let knownSequence = 0;
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const { state, sequence } = load();
    const events = decide(state);
    const event = onlyEvent(events);
    if (event === undefined) return { state, sequence, events };
    const result = await journal.append(key, { event, meta }, Math.max(sequence, knownSequence));
    if (result.appended) {
      await readModel.applied(result.sequence);
      return { ...load(), events };
    }
    knownSequence = result.lastSequence;
    await readModel.applied(knownSequence);
  }
  throw new HubError("ServiceUnavailable", "Too many writes to the same identity at once, try again");
}

/** An append is one event, and so one decision is at most one: two could be torn apart by a crash or another writer. */
function onlyEvent<Event extends HubEvent>(events: readonly Event[]): Event | undefined {
  if (events.length > 1) throw new HubError("ServerError", "A decision made more than one event");
  return events[0];
}
