/** A token that a client has put on its connection. */
export type PutToken = {
  /** As sent: `SharedAccessSignature sr=…`. */
  readonly token: string;
  /** Milliseconds since 1970 after which it no longer counts. */
  readonly validUntil: number;
};

/**
 * The tokens of one connection, by what they are for: the path below the hub's name, in decoded segments (a device's is
 * `devices/<id>`; the whole hub's has none). Segments are compared in any case (spec/amqp 4).
 */
export type TokenTable = {
  /** Puts a token in the place of an earlier one for the same path. Returns false when the table is full. */
  put(segments: readonly string[], token: PutToken): boolean;
  /** The token whose path is the longest beginning of `segments`. */
  find(segments: readonly string[]): PutToken | undefined;
  readonly size: number;
};

/** Makes the table of a connection, which holds `limit` tokens at most. */
export function createTokenTable(limit: number): TokenTable {
  const tokens = new Map<string, PutToken>();
  return {
    put(segments, token) {
      const key = keyOf(segments);
      if (tokens.size >= limit && !tokens.has(key)) return false;
      tokens.set(key, token);
      return true;
    },
    find(segments) {
      for (let length = segments.length; length >= 0; length -= 1) {
        const found = tokens.get(keyOf(segments.slice(0, length)));
        if (found !== undefined) return found;
      }
      return undefined;
    },
    get size() {
      return tokens.size;
    },
  };
}

/** No segment holds a slash, so the joined path is unambiguous. */
const keyOf = (segments: readonly string[]): string => segments.join("/").toLowerCase();
