/** Up to this product of lengths the engine's own search is quick whatever the texts are: some milliseconds. */
const maxProduct = 16_000_000;

/**
 * Where `part` stands first in `text`, -1 if it does not. The engine's own search may take time in the product of both
 * lengths, seconds for texts of a message that were made for that; long ones are searched in their sum (Knuth, Morris
 * and Pratt).
 */
export function findText(text: string, part: string): number {
  if (part.length > text.length) return -1;
  if (text.length * part.length <= maxProduct) return text.indexOf(part);
  const borders = bordersOf(part);
  let matched = 0;
  for (let at = 0; at < text.length; at += 1) {
    matched = extend(part, borders, { matched, unit: text.charCodeAt(at) });
    if (matched === part.length) return at + 1 - matched;
  }
  return -1;
}

/** For each number of first units of `part`, at this index less one, how many of them are its last ones too. */
function bordersOf(part: string): Int32Array {
  const borders = new Int32Array(part.length);
  for (let at = 1; at < part.length; at += 1) {
    borders[at] = extend(part, borders, { matched: borders[at - 1] ?? 0, unit: part.charCodeAt(at) });
  }
  return borders;
}

/** How many first units of `part` end with `unit`, when `matched` of them end right before it. */
function extend(part: string, borders: Int32Array, { matched, unit }: { matched: number; unit: number }): number {
  let length = matched;
  while (length > 0 && part.charCodeAt(length) !== unit) length = borders[length - 1] ?? 0;
  return part.charCodeAt(length) === unit ? length + 1 : length;
}
