import type { MessageProperties } from "./message.ts";

/** The UTF-8 length of a text in bytes, without encoding it. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x80) continue;
    // A surrogate pair is two UTF-16 units and four bytes: each half counts one more.
    bytes += code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? 1 : 2;
  }
  return bytes;
}

/**
 * What the properties of a message count towards its size: values of system properties, names and values of application
 * properties, in bytes (spec/messaging 1.1).
 */
export function propertiesSize({ system, application }: MessageProperties): number {
  let bytes = 0;
  for (const value of Object.values(system)) bytes += utf8Length(value);
  for (const [name, value] of application) bytes += utf8Length(name) + utf8Length(value);
  return bytes;
}
