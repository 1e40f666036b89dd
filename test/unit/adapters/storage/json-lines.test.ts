import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { jsonLines, maxLineBytes, withoutStalls } from "../../../../adapters/storage/json-lines.ts";
import type { BlobLine } from "../../../../core/registry-job/caller-containers.ts";

async function* cut(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

const read = async (bytes: Buffer, size: number, from = 0): Promise<readonly BlobLine[]> =>
  await Array.fromAsync(jsonLines(cut(bytes, size), from));

// spec/http-api 2.6: one JSON per line, CRLF
test("lines are the same however the bytes are cut", async () => {
  const text = '\uFEFF{"id":"ä"}\r\n\r\n  \n[1]\nno json\r\n{"__proto__":1}\n{"id":"last"}';
  const bytes = Buffer.from(text);
  const expected = [
    { value: { id: "ä" }, end: 16 },
    { value: [1], end: 25 },
    { value: undefined, end: 34 },
    { value: undefined, end: 50 },
    { value: { id: "last" }, end: 63 },
  ];
  for (const size of [1, 2, 3, 7, 1_000]) assert.deepEqual(await read(bytes, size), expected, `${size}`);
  assert.deepEqual(await read(bytes.subarray(25), 5, 25), expected.slice(2));
  assert.deepEqual(await read(Buffer.alloc(0), 1), []);
});

test("a line that is too long is told, and what follows is read", async () => {
  const long = Buffer.concat([Buffer.alloc(maxLineBytes + 1, "x"), Buffer.from('\r\n{"id":"a"}\n')]);
  const end = maxLineBytes + 3;
  assert.deepEqual(await read(long, 65_536), [
    { value: undefined, end },
    { value: { id: "a" }, end: end + 11 },
  ]);
});

test("no UTF-8 and a deep nesting are no JSON", async () => {
  const bytes = Buffer.concat([Buffer.from([0x22, 0xff, 0x22, 0x0a]), Buffer.from("[".repeat(100_000))]);
  const lines = await read(bytes, 4_096);
  assert.deepEqual(
    lines.map(({ value }) => value),
    [undefined, undefined],
  );
});

test("a stream that stands still fails, but not while its reader takes its time", async () => {
  const stream = new PassThrough();
  const chunks = withoutStalls(stream, 20)[Symbol.asyncIterator]();
  stream.write("a");
  assert.equal(String((await chunks.next()).value), "a");
  await assert.rejects(chunks.next(), /stands still/);
});
