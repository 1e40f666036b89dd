import type { Readable } from "node:stream";
import type { BlobLine } from "../../core/registry-job/caller-containers.ts";
import { parseJson } from "../http/json-text.ts";

/** A line beyond this is skipped: a device with a full twin has a tenth of it. */
export const maxLineBytes = 1_048_576;

const lineFeed = 0x0a;

/**
 * Cuts bytes into lines, each of which ends with CRLF, LF or the end, and reads them as JSON. Blank lines are left out. `from`
 * is the offset of the first byte. Of a line that is too long nothing is kept while it passes.
 */
export async function* jsonLines(
  chunks: AsyncIterable<Uint8Array>,
  from: number,
): AsyncGenerator<BlobLine, void, void> {
  let begun: Uint8Array[] = [];
  let length = 0;
  let offset = from;
  for await (const chunk of chunks) {
    let start = 0;
    for (;;) {
      const feed = chunk.indexOf(lineFeed, start);
      const part = chunk.subarray(start, feed === -1 ? chunk.length : feed);
      length += part.length;
      if (length > maxLineBytes) begun = [];
      else begun.push(part);
      if (feed === -1) break;
      const line = lineOf(begun, { length, end: offset + feed + 1 });
      if (line !== undefined) yield line;
      [begun, length, start] = [[], 0, feed + 1];
    }
    offset += chunk.length;
  }
  const last = lineOf(begun, { length, end: offset });
  if (last !== undefined) yield last;
}

function lineOf(
  parts: readonly Uint8Array[],
  { length, end }: { readonly length: number; readonly end: number },
): BlobLine | undefined {
  if (length > maxLineBytes) return { value: undefined, end };
  const bytes = Buffer.concat(parts);
  // Space, tab and carriage return.
  if (bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d)) return undefined;
  try {
    return { value: parseJson(bytes), end };
  } catch {
    return { value: undefined, end };
  }
}

/** The chunks of a stream, which fails when none comes for so long. The time that its reader takes does not count. */
export async function* withoutStalls(stream: Readable, stallTimeoutMs: number): AsyncGenerator<Uint8Array, void, void> {
  const giveUp = (): void => void stream.destroy(new Error("the container stands still"));
  let timer = setTimeout(giveUp, stallTimeoutMs);
  try {
    for await (const chunk of stream) {
      clearTimeout(timer);
      yield chunk as Uint8Array;
      timer = setTimeout(giveUp, stallTimeoutMs);
    }
  } finally {
    clearTimeout(timer);
  }
}
