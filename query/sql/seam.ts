/*
 * A member that is put into an object costs SQLite several times what writing both texts does. So they are written side by
 * side, with a character between them that no JSON text holds as it is, and made one object afterwards.
 */

const seam = "\u0001";

/** The SQL of an object's JSON text with members added: pieces of SQL that together are members as JSON writes them. */
export const withMembers = (object: string, members: readonly string[]): string =>
  `concat(json(${object}), char(${seam.charCodeAt(0)}), ${members.join(", ")}, '}')`;

const openBrace = 123;

/** The text as it was meant: what `withMembers` left open is closed. */
export function mended(text: string): string {
  const end = `}${seam}`;
  let whole = "";
  let from = 0;
  for (let at = text.indexOf(end); at >= 0; at = text.indexOf(end, from)) {
    // An object without members of its own needs no comma.
    whole += text.slice(from, at) + (text.charCodeAt(at - 1) === openBrace ? "" : ",");
    from = at + end.length;
  }
  return from === 0 ? text : whole + text.slice(from);
}
