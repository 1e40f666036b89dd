import { LinkRefused } from "../amqp/link-refused.ts";

/** Where a receiver begins. Numbers are those that clients know (`sequences.ts`), times milliseconds since 1970. */
export type Position =
  | { readonly kind: "earliest" }
  | { readonly kind: "latest"; readonly inclusive: boolean }
  | { readonly kind: "sequence"; readonly sequence: number; readonly inclusive: boolean; readonly by: PositionField }
  /** After this time. */
  | { readonly kind: "time"; readonly timeMs: number };

/** By what the client named a sequence; an offset is one too. */
export type PositionField = "offset" | "sequence number";

/** The filter by its symbol and by its code (spec/amqp 9). */
export const selectorName = "apache.org:selector-filter:string";
export const selectorCode = 0x468c00000004;

const maxLength = 256;
/** `amqp.annotation.<name> > '<value>'`, the value with or without quotes. */
const selector = /^\s*amqp\.annotation\.([\w-]+)\s*(>=?)\s*(?:'([^']*)'|(\S+))\s*$/;
const wholeNumber = /^-?\d{1,16}$/;

/** A receiver that says nothing begins with the earliest event; what Event Hubs does then is unconfirmed. */
export const defaultPosition: Position = { kind: "earliest" };

/**
 * Reads where a receiver begins from a selector's text. Throws LinkRefused `amqp:invalid-field` for a selector that is none
 * of those in spec/amqp 9; what Event Hubs answers is unconfirmed.
 */
export function parseSelector(text: string): Position {
  const [, name, operator, quoted, bare] = (text.length <= maxLength && selector.exec(text)) || [];
  const value = quoted ?? bare;
  if (name === undefined || value === undefined) throw invalid();
  const inclusive = operator === ">=";
  switch (name) {
    case "x-opt-offset":
      if (value === "@latest") return { kind: "latest", inclusive };
      if (value === "-1") return { kind: "earliest" };
      return { kind: "sequence", sequence: numberIn(value), inclusive, by: "offset" };
    case "x-opt-sequence-number":
      return { kind: "sequence", sequence: numberIn(value), inclusive, by: "sequence number" };
    case "x-opt-enqueued-time": {
      const timeMs = numberIn(value);
      return { kind: "time", timeMs: inclusive ? timeMs - 1 : timeMs };
    }
    default:
      throw invalid();
  }
}

/**
 * The selector in the filter of a source, as rhea gives it, found by either of its names, as key or as descriptor. Filters
 * of other kinds don't count. Throws LinkRefused `amqp:invalid-field` for one that is no text.
 */
export function selectorIn(filter: unknown): string | undefined {
  if (filter === undefined || filter === null) return undefined;
  if (typeof filter !== "object") throw invalid();
  for (const [key, value] of Object.entries(filter)) {
    const { descriptor, text } = described(value);
    if (key !== selectorName && descriptor !== selectorName && descriptor !== selectorCode) continue;
    if (typeof text !== "string") throw invalid();
    return text;
  }
  return undefined;
}

/** A value as rhea gives one that is described: both parts still have their types around them. */
function described(value: unknown): { readonly descriptor?: unknown; readonly text: unknown } {
  if (typeof value !== "object" || value === null || !("value" in value)) return { text: value };
  if (!("descriptor" in value) || typeof value.descriptor !== "object" || value.descriptor === null) {
    return { text: value.value };
  }
  return { descriptor: "value" in value.descriptor ? value.descriptor.value : undefined, text: value.value };
}

function numberIn(text: string): number {
  const number = wholeNumber.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw invalid();
  return number;
}

const invalid = (): LinkRefused => new LinkRefused("amqp:invalid-field", "The filter of the source is not supported");
