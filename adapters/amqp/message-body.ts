import type { Message } from "rhea";
import { HubError } from "../../core/hub-error.ts";

/** What rhea makes of data sections: one content, or a list of them when there were several. */
type DataSection = { readonly typecode: number; readonly content: unknown; readonly multiple?: boolean };

const dataTypecode = 0x75;

/** The bytes of a message's data sections, joined, or of its value when that is a text or binary; none for other bodies. */
export function bodyBytes({ body }: Message): Buffer {
  if (typeof body === "string") return Buffer.from(body);
  if (Buffer.isBuffer(body)) return body;
  if (!isDataSection(body)) return Buffer.alloc(0);
  const parts: readonly unknown[] =
    body.multiple === true && Array.isArray(body.content) ? body.content : [body.content];
  const buffers = parts.filter((part) => Buffer.isBuffer(part));
  const [first] = buffers;
  return buffers.length === 1 && first !== undefined ? first : Buffer.concat(buffers);
}

/** As `bodyBytes`, but throws HubError `ArgumentInvalid` for a body of another kind. */
export function requireBytes(body: unknown): Buffer {
  const isBytes = body === undefined || body === null || typeof body === "string" || Buffer.isBuffer(body);
  if (isBytes || isDataSection(body)) return bodyBytes({ body });
  throw new HubError("ArgumentInvalid", "The body of a message must be data, or a value that is a text or binary");
}

const isDataSection = (body: unknown): body is DataSection =>
  typeof body === "object" &&
  body !== null &&
  "typecode" in body &&
  body.typecode === dataTypecode &&
  "content" in body;
