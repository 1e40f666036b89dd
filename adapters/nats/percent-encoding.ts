/**
 * Percent-encoding (RFC 3986 §2.1) with a choice of what stays as it is. Everything outside printable ASCII is always
 * encoded, as its UTF-8 bytes, and so is `%`, so `decodePercent` turns every encoded text back into the original. Lone
 * surrogates, which have no UTF-8, become U+FFFD.
 */
export type Encoder = (text: string) => string;

const utf8 = new TextEncoder();

/** Makes an encoder that also encodes the characters of `unsafe`, which must be ASCII. */
export function percentEncoder(unsafe: string): Encoder {
  const encoded = Array.from({ length: 256 }, (_, byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`);
  const table = encoded.map((code, byte) => {
    const char = String.fromCharCode(byte);
    const stays = byte >= 0x20 && byte < 0x7f && char !== "%" && !unsafe.includes(char);
    return stays ? char : code;
  });
  const isSafe = (text: string): boolean => {
    for (let index = 0; index < text.length; index += 1) {
      const char = table[text.charCodeAt(index)];
      if (char === undefined || char.length > 1) return false;
    }
    return true;
  };
  return (text) => {
    if (isSafe(text)) return text;
    let out = "";
    for (const byte of utf8.encode(text)) out += table[byte];
    return out;
  };
}

/** Undoes any encoder of this file. Throws URIError for a text that none of them makes. */
export function decodePercent(text: string): string {
  return text.includes("%") ? decodeURIComponent(text) : text;
}
