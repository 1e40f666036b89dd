import type { Path, Span } from "../ast.ts";
import { excerpt } from "../query-error.ts";
import { ConditionFault } from "./fault.ts";

const document = /^\$(body|twin)(?:$|([.[])(.*))/is;
const segment = /^([^[\]]+)(?:\[(\d+)\])?$/;

/**
 * Reads `$name`, `$body.a.b[0].c` and `$twin.tags.a`; the prefixes are case-insensitive, an index stands behind a name
 * only. `$body` and `$body[0]` alone are paths without steps: nothing is there (spec/query-language 14). `braced` is
 * `{$name}`, which is never an application property. Throws ConditionFault for a path that can't be.
 */
export function readReference(text: string, { span, braced }: { span: Span; braced: boolean }): Path {
  const [, prefix, separator, rest = ""] = document.exec(text) ?? [];
  if (prefix !== undefined) {
    const source = prefix.toLowerCase() === "body" ? "body" : "twin";
    return { kind: "path", source, steps: separator === "." ? readSteps(rest, text, span) : [], span };
  }
  if (/[[\]]/.test(text)) throw notAPath(text, span);
  return { kind: "path", source: braced ? "system" : "property", steps: [text.slice(1)], span };
}

function readSteps(path: string, text: string, span: Span): (string | number)[] {
  return path.split(".").flatMap((part) => {
    const [, name, index] = segment.exec(part) ?? [];
    if (name === undefined) throw notAPath(text, span);
    return index === undefined ? [name] : [name, Number(index)];
  });
}

const notAPath = (text: string, span: Span): ConditionFault => {
  const found = excerpt(text, { start: 0, end: text.length });
  return new ConditionFault(
    `Syntax error: invalid path ${found}: expected names with '.' between, 'name[0]' for an item`,
    span,
  );
};
