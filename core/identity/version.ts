// Ticks between 0001-01-01 and 1970-01-01, at 100 ns each.
const ticksAtUnixEpoch = 621_355_968_000_000_000n;

/** How many .NET ticks a millisecond has: the limit of `randomTicks` below. */
export const ticksPerMs = 10_000;

/** The first etag holds a number below this, so of 1 to 9 digits. */
export const firstEtagLimit = 1_000_000_000;

/**
 * The generation of an identity that is created now: .NET ticks in decimal, 18 digits (spec/identity-and-security 1.1).
 * The clock gives milliseconds, so `randomTicks` (0 to 9,999) fills the rest: an id that is deleted and created again
 * within one millisecond still gets another generation.
 */
export const generationIdAt = (nowMs: number, randomTicks: number): string =>
  String(ticksAtUnixEpoch + BigInt(nowMs) * BigInt(ticksPerMs) + BigInt(randomTicks));

/** The etag for a version number: base64 of the ASCII of its decimal digits (spec/http-api 2.1). */
export const etagOf = (version: number): string => btoa(String(version));

/**
 * The version number in an etag. A text that is no etag of an identity counts as version 0: it is only shown to the
 * caller that sent it.
 */
export function versionOf(etag: string): number {
  if (!/^[A-Za-z0-9+/]{2,22}={0,2}$/.test(etag) || etag.length % 4 !== 0) return 0;
  const digits = atob(etag);
  return /^\d{1,15}$/.test(digits) ? Number(digits) : 0;
}

/** The etag after one more update (spec/http-api 2.1: +1 per identity update). */
export const nextEtag = (etag: string): string => etagOf(versionOf(etag) + 1);
