/** A moment as text tells it: whole seconds since the year 0 (UTC), and what is beyond them in steps of 100 ns. */
export type Instant = { readonly seconds: number; readonly ticks: number };

// date [ "T" hour ":" minute [ ":" second [ "." fraction ] ] [ "Z" | offset ] ], offset = ( "+" | "-" ) hour [ ":" ] minute
const timestamp = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/;

/** In a year without a leap day. */
const daysBeforeMonth = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365] as const;

/**
 * The moment that a text tells, if it is an ISO 8601 date (its first instant), or a date and time of day. Without an offset
 * it is UTC. Digits beyond 100 ns, the precision of IoT Hub's own times, are dropped. A day or an hour that does not exist
 * makes the text no time.
 */
export function instantOf(text: string): Instant | undefined {
  // Most texts are no times, and those that are have their parts in fixed places: cutting them out would be the longer part.
  if (text.charCodeAt(4) !== dash || !timestamp.test(text)) return undefined;
  const days = daysBefore(twoDigits(text, 0) * 100 + twoDigits(text, 2), twoDigits(text, 5), twoDigits(text, 8));
  if (text.length === "2026-11-24".length) return days === undefined ? undefined : { seconds: days * 86_400, ticks: 0 };
  const zone = zoneAt(text);
  const second = zone > "2026-11-24T10:00".length ? twoDigits(text, 17) : 0;
  const time = secondsOf(twoDigits(text, 11), twoDigits(text, 14), second);
  const offset = offsetOf(text, zone);
  if (days === undefined || time === undefined || offset === undefined) return undefined;
  return { seconds: days * 86_400 + time - offset, ticks: ticksOf(text, zone) };
}

/** Negative, zero or positive as `a` is before, at or after `b`. */
export const compareInstants = (a: Instant, b: Instant): number => a.seconds - b.seconds || a.ticks - b.ticks;

const [dash, plus] = ["-".charCodeAt(0), "+".charCodeAt(0)];

const digit = (text: string, at: number): number => text.charCodeAt(at) - 48;
const twoDigits = (text: string, at: number): number => digit(text, at) * 10 + digit(text, at + 1);

/** Where the time of day ends: at a `Z`, an offset or the end of the text. */
function zoneAt(text: string): number {
  if (text.endsWith("Z")) return text.length - 1;
  const sign = Math.max(text.lastIndexOf("+"), text.lastIndexOf("-"));
  return sign > "2026-11-24".length ? sign : text.length;
}

/** What an offset adds to UTC, in seconds. */
function offsetOf(text: string, zone: number): number | undefined {
  if (text.length - zone < "+0000".length) return 0;
  const offset = secondsOf(twoDigits(text, zone + 1), twoDigits(text, text.length - 2), 0);
  return offset === undefined || text.charCodeAt(zone) === plus ? offset : -offset;
}

function ticksOf(text: string, zone: number): number {
  let ticks = 0;
  for (let at = 20; at < 27; at += 1) ticks = ticks * 10 + (at < zone ? digit(text, at) : 0);
  return ticks;
}

function secondsOf(hour: number, minute: number, second: number): number | undefined {
  return hour > 23 || minute > 59 || second > 59 ? undefined : hour * 3600 + minute * 60 + second;
}

/** The days from the year 0 to a date of the Gregorian calendar, or nothing when there is no such date. */
function daysBefore(year: number, month: number, day: number): number | undefined {
  const [before, after] = [daysBeforeMonth[month - 1], daysBeforeMonth[month]];
  if (before === undefined || after === undefined) return undefined;
  const leapYear = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (day < 1 || day > after - before + (leapYear && month === 2 ? 1 : 0)) return undefined;
  const last = year - 1;
  const leapDays = Math.floor(last / 4) - Math.floor(last / 100) + Math.floor(last / 400);
  return year * 365 + leapDays + before + (leapYear && month > 2 ? 1 : 0) + day - 1;
}
