import type { Evaluate } from "./message.ts";
import type { Operand } from "./operand.ts";
import { fits, type StaticType } from "./types.ts";

/** `any` takes what is undefined too. */
type Parameter = StaticType | "any";

/** A function with one list of parameters, the last of which may be repeated. */
export type BuiltIn = {
  readonly parameters: readonly Parameter[];
  readonly repeats: boolean;
  readonly result: StaticType;
  readonly compile: (args: readonly Operand[]) => Evaluate;
};

type Operands<Parameters extends readonly Parameter[]> = { readonly [Index in keyof Parameters]: Operand };

/** Makes a function whose `compile` gets as many operands as it has parameters. */
export const builtIn = <const Parameters extends readonly Parameter[]>(
  parameters: Parameters,
  result: StaticType,
  compile: (args: Operands<Parameters>) => Evaluate,
): BuiltIn => ({
  parameters,
  repeats: false,
  result,
  compile: (args) => compile(args as Operands<Parameters>),
});

/** Tells whether a function takes these operands. */
export function takes({ parameters, repeats }: BuiltIn, args: readonly Operand[]): boolean {
  if (repeats ? args.length < parameters.length : args.length !== parameters.length) return false;
  return args.every(({ type }, index) => {
    const parameter = parameters[index] ?? parameters.at(-1) ?? "any";
    return parameter === "any" || fits(parameter, type);
  });
}
