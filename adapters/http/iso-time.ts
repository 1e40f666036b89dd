const isoPattern = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?$/i;

/** Reads a time in ISO 8601, in milliseconds since 1970; without a zone it is UTC. Undefined for anything else. */
export function timeMs(text: string): number | undefined {
  const match = isoPattern.exec(text);
  if (match === null) return undefined;
  const [time, zone] = match;
  const ms = Date.parse(time.includes("T") && zone === undefined ? `${time}Z` : time);
  return Number.isNaN(ms) ? undefined : ms;
}
