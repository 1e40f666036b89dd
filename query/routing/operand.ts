import type { Evaluate, RouteMessage, RouteValue } from "./message.ts";
import type { Found } from "./read-document.ts";
import type { StaticType } from "./types.ts";

/** A part of a condition, compiled. */
export type Operand = {
  readonly type: StaticType;
  readonly evaluate: Evaluate;
  readonly readsBody: boolean;
  readonly readsTwin: boolean;
  /** The value, when it is the same for every message. */
  readonly constant?: RouteValue;
  /** What a path of a body or twin leads to, when this is one. */
  readonly document?: (message: RouteMessage) => Found;
  /** Makes the test whether the value is this Boolean, which may need less of a message than the value itself. */
  readonly decides?: (wanted: boolean) => (message: RouteMessage) => boolean;
};

/** What reading any of these operands reads. */
export const readsOf = (operands: readonly Operand[]): Pick<Operand, "readsBody" | "readsTwin"> => ({
  readsBody: operands.some(({ readsBody }) => readsBody),
  readsTwin: operands.some(({ readsTwin }) => readsTwin),
});

/** An operand of one value for all messages. */
export const constantOperand = (type: StaticType, constant: RouteValue): Operand => ({
  type,
  constant,
  evaluate: () => constant,
  readsBody: false,
  readsTwin: false,
});
