import type { Moment } from "../../core/history/moment.ts";
import { HubError } from "../../core/hub-error.ts";
import { timeMs } from "./iso-time.ts";

/** How a moment is written in a query or a body, for descriptions. */
export const momentRule =
  "a time in ISO 8601 (2026-11-01T00:00:00Z), seq: and a journal sequence (seq:12345), or v: and a version of the twin (v:17)";

/**
 * Reads a moment: a time, which without a zone is UTC, `seq:` with a journal sequence, or `v:` with a version. Throws HubError
 * `ArgumentInvalid`, which names the parameter and what is allowed.
 */
export function momentOf(name: string, text: string): Moment {
  const number = /^(seq|v):(\d{1,15})$/i.exec(text);
  if (number !== null) {
    const value = Number(number[2]);
    const isSequence = number[1]?.toLowerCase() === "seq";
    return isSequence ? { kind: "sequence", sequence: value } : { kind: "version", version: value };
  }
  const time = isoTimeOf(text);
  if (time === undefined) throw new HubError("ArgumentInvalid", `${name} must be ${momentRule}`);
  return { kind: "time", time };
}

/** A time as the journal writes it: UTC, milliseconds; undefined for a text that is none. */
export function isoTimeOf(text: string): string | undefined {
  // A plus sign that was not percent-encoded in a query arrives as a space.
  const ms = timeMs(text.replace(" ", "+"));
  return ms === undefined ? undefined : new Date(ms).toISOString();
}
