const offsetBasis = 0x811c9dc5;
const prime = 0x01000193;

/**
 * A number from 0 up to, not including, 2^32 for a text: FNV-1a over its UTF-16 units. Texts may share one: what is found by
 * it has to be looked at. Stored: it never may change.
 */
export function hashText(text: string): number {
  let hash = offsetBasis;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), prime);
  return hash >>> 0;
}
