/**
 * The precondition of an `If-Match` header: one pair of double quotes goes; `*` or an etag stays; an empty one is none
 * (spec/http-api 1.5).
 */
export function ifMatchOf(header: string | undefined): { ifMatch?: string } {
  const text = header?.trim() ?? "";
  const quoted = text.length >= 2 && text.startsWith('"') && text.endsWith('"');
  const ifMatch = quoted ? text.slice(1, -1) : text;
  return ifMatch === "" ? {} : { ifMatch };
}
