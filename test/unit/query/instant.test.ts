import assert from "node:assert/strict";
import { test } from "node:test";
import { compareInstants, instantOf } from "../../../query/instant.ts";

const same = (a: string, b: string): void => assert.deepEqual(instantOf(a), instantOf(b), `${a} ${b}`);

// spec/query-language 6: clients write seconds, milliseconds and 7 digits
test("One moment has many spellings", () => {
  for (const spelling of [
    "2026-11-20T10:00:00",
    "2026-11-20T10:00Z",
    "2026-11-20T10:00:00.000Z",
    "2026-11-20T10:00:00.0000000Z",
    "2026-11-20T10:00:00.00000009Z",
    "2026-11-20T12:30:00+02:30",
    "2026-11-20T05:00:00-0500",
    "2026-11-21T00:00:00+14:00",
  ]) {
    same(spelling, "2026-11-20T10:00:00Z");
  }
  same("2026-09-01", "2026-09-01T00:00:00Z");
  same("0001-01-01T00:00:00", "0001-01-01T00:00:00.0000000Z");
});

test("Moments are told apart to 100 ns", () => {
  const [before, after] = [instantOf("2026-11-20T10:00:00.1234567Z"), instantOf("2026-11-20T10:00:00.1234568Z")];
  assert.ok(before && after && compareInstants(before, after) < 0 && compareInstants(after, before) > 0);
});

test("Seconds are those of the calendar, from the year 0 on", () => {
  const epoch = instantOf("1970-01-01T00:00:00Z")?.seconds ?? 0;
  for (const time of [
    "0001-01-01",
    "1600-02-29",
    "1900-03-01",
    "1999-12-31",
    "2000-02-29",
    "2026-11-24",
    "9999-12-31",
  ]) {
    assert.equal((instantOf(time)?.seconds ?? 0) - epoch, Date.parse(`${time}T00:00:00Z`) / 1000, time);
  }
});

test("What is no date or no time of day tells no moment", () => {
  for (const text of [
    "",
    "2026",
    "2026-11",
    "2026-11-20T",
    "2026-11-20T10",
    "2026-11-20 10:00:00",
    "2026-11-20T10:00:00.Z",
    "2026-11-20T10:00:00z",
    "2026-11-20Z",
    " 2026-11-20",
    "2026-11-20T10:00:00Zx",
    "2026-00-20",
    "2026-13-20",
    "2026-02-29",
    "1900-02-29",
    "2026-04-31",
    "2026-11-00",
    "2026-11-20T24:00:00Z",
    "2026-11-20T10:60:00Z",
    "2026-11-20T10:00:60Z",
    "2026-11-20T10:00:00+24:00",
  ]) {
    assert.equal(instantOf(text), undefined, text);
  }
});
