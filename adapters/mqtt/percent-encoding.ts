const escapes = /(?:%[0-9a-f]{2})+/gi;

/**
 * Decodes percent escapes as UTF-8 and nothing else: `+` stays a plus. What is no escape, or no UTF-8 once decoded, stays
 * as it is, so hand-written clients that send `50%` lose nothing (spec/mqtt 6; the hub's own rule for bad escapes is
 * unconfirmed).
 */
export function percentDecode(text: string): string {
  return text.includes("%") ? (decoded(text) ?? text.replace(escapes, (run) => decoded(run) ?? run)) : text;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
