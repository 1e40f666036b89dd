import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import { HubError } from "../../core/hub-error.ts";
import type { EventDocument } from "./event-document.ts";

/** The forms in which events leave as a stream. */
export type ExportFormat = "ndjson" | "csv";

/** What a request asks for; undefined for pages of JSON. Throws HubError `ArgumentInvalid`. */
export function exportFormatOf(format: string | undefined): ExportFormat | undefined {
  const lower = format?.toLowerCase() ?? "json";
  if (lower === "ndjson" || lower === "csv") return lower;
  if (lower === "json") return undefined;
  throw new HubError("ArgumentInvalid", "format must be json, ndjson or csv");
}

const contentTypes = { ndjson: "application/x-ndjson", csv: "text/csv; charset=utf-8; header=present" } as const;

/**
 * Sends events as they are read: the next batch is read when the socket has taken the one before, so the memory is bounded.
 * A failure under way cuts the connection, by which the client knows that there is more.
 */
export function sendExport(
  reply: FastifyReply,
  format: ExportFormat,
  batches: AsyncIterable<readonly EventDocument[]>,
): FastifyReply {
  return reply.type(contentTypes[format]).send(Readable.from(chunksOf(format, batches), { highWaterMark: 1 }));
}

async function* chunksOf(
  format: ExportFormat,
  batches: AsyncIterable<readonly EventDocument[]>,
): AsyncGenerator<string, void, void> {
  if (format === "csv") yield csvLine(columns);
  const line = format === "csv" ? csvOf : ndjsonOf;
  for await (const batch of batches) if (batch.length > 0) yield batch.map(line).join("");
}

const ndjsonOf = (document: EventDocument): string => `${JSON.stringify(document)}\n`;

const columns = [
  "sequence",
  "time",
  "type",
  "actor",
  "correlationId",
  "causationId",
  "deviceId",
  "moduleId",
  "id",
  "data",
] as const satisfies readonly (keyof EventDocument)[];

const csvOf = (document: EventDocument): string =>
  csvLine(
    columns.map((column) => (column === "data" ? JSON.stringify(document.data) : String(document[column] ?? ""))),
  );

/** RFC 4180: a field with a quote, a comma or a line's end stands in quotes, its own quotes doubled. */
const csvLine = (fields: readonly string[]): string =>
  `${fields.map((field) => (/["\r\n,]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(",")}\r\n`;
