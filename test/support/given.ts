/* oxlint-disable unicorn/no-thenable -- the result reads as given, when, then; nobody awaits it */
import assert from "node:assert/strict";
import { HubError, type Reason } from "../../core/hub-error.ts";

/** The three functions that make up an aggregate: where it begins, what a command leads to, what an event changes. */
export type Decider<Command, Event, State> = {
  readonly initial: () => State;
  readonly decide: (command: Command, state: State) => readonly Event[];
  readonly evolve: (state: State, event: Event) => State;
};

/** What a command may be held against. */
export type Outcome<Event> = {
  /** The command leads to exactly these events. */
  then(...expected: readonly [Event, ...Event[]]): void;
  /** The command is accepted and leads to no event. */
  changesNothing(): void;
  /** The command is refused with this reason, and with this message when one is given. */
  rejects(reason: Reason, message?: string | RegExp): void;
};

/**
 * Tells a decider's rules as examples: `specFor(decider)` gives `given(...events).when(command).then(...events)` and
 * `given(...events).when(command).rejects(reason)`. The events are folded first, then the command is decided.
 */
export const specFor =
  <Command, Event, State>(decider: Decider<Command, Event, State>) =>
  (...events: readonly Event[]) => ({
    when(command: Command): Outcome<Event> {
      const run = () => decider.decide(command, events.reduce(decider.evolve, decider.initial()));
      return {
        // biome-ignore lint/suspicious/noThenProperty: reads as given, when, then; nobody awaits it
        then: (...expected) => assert.deepStrictEqual(run(), expected),
        changesNothing: () => assert.deepStrictEqual(run(), []),
        rejects: (reason, message) => assert.throws(run, (error) => isRefusal(error, reason, message)),
      };
    },
  });

function isRefusal(error: unknown, reason: Reason, message: string | RegExp | undefined): true {
  if (!(error instanceof HubError)) throw error;
  assert.equal(error.reason, reason);
  if (typeof message === "string") assert.equal(error.message, message);
  if (message instanceof RegExp) assert.match(error.message, message);
  return true;
}
