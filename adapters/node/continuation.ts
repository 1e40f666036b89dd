import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { HubError } from "../../core/hub-error.ts";
import { type Position, parsePosition } from "../../query/sql/position.ts";

/** Where a page begins: behind a row, or, where that row is too long to be told, behind so many rows. */
export type PageStart = { readonly after: Position } | { readonly skipped: number };

/** Makes and reads the tokens by which callers go on with a query. */
export type Continuations = {
  write(text: string, next: Position): string;
  /** Throws HubError `ArgumentInvalid` for what `write` did not make for this query. */
  read(text: string, token: string): PageStart;
};

const macSize = 16;

/** A token travels in a header, of which many clients take 8 kB, all headers together. */
const mostPlaceBytes = 3072;

/**
 * Tokens of a hub with this master key: all its nodes take them. One holds the place where its page ended, with an HMAC over
 * that and the query's text. The size of pages may change from one to the next: the Azure CLI asks for what it still wants
 * (spec/query-language 1).
 */
export function createContinuations(masterKey: Uint8Array): Continuations {
  // A key of its own, so that nothing that callers choose is ever put through the key that seals secrets (RFC 5869).
  const key = new Uint8Array(hkdfSync("sha256", masterKey, "", "twinstream query continuation", 32));
  const macOf = (text: string, place: string): Buffer =>
    createHmac("sha256", key)
      .update(JSON.stringify([text, place]))
      .digest()
      .subarray(0, macSize);
  return {
    write(text, next) {
      const whole = JSON.stringify(next);
      const place = Buffer.byteLength(whole) > mostPlaceBytes ? JSON.stringify({ skipped: next.given }) : whole;
      return Buffer.concat([macOf(text, place), Buffer.from(place)]).toString("base64url");
    },
    read(text, token) {
      const bytes = Buffer.from(token, "base64url");
      const [mac, place] = [bytes.subarray(0, macSize), bytes.subarray(macSize).toString()];
      if (mac.length < macSize || !timingSafeEqual(mac, macOf(text, place))) throw foreign();
      const start: unknown = JSON.parse(place);
      const isSkip = typeof start === "object" && start !== null && "skipped" in start;
      return isSkip ? { skipped: Number(start.skipped) } : { after: parsePosition(start) };
    },
  };
}

const foreign = (): HubError =>
  new HubError("ArgumentInvalid", "x-ms-continuation is none that this query gave: send the same text with it");
