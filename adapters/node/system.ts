import { randomInt, randomUUID } from "node:crypto";
import type { Clock, Ids } from "../../core/ports.ts";

/** The machine's clock. The text of a millisecond is kept, since thousands of messages share one. */
export function systemClock(): Clock {
  let lastMs = Number.NaN;
  let lastText = "";
  return {
    now: () => Date.now(),
    isoTime(ms) {
      if (ms !== lastMs) {
        lastMs = ms;
        lastText = new Date(ms).toISOString();
      }
      return lastText;
    },
  };
}

/** Identifiers and random numbers from the machine's cryptographic source. */
export const systemIds: Ids = { uuid: () => randomUUID(), randomInt: (limit) => randomInt(limit) };
