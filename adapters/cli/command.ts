import type { ParseArgsOptionsConfig } from "node:util";

/** What a command is given: its words after its name, its flags, and the world around it. */
export type Invocation = {
  readonly words: readonly string[];
  readonly flags: Readonly<Record<string, string | boolean | undefined>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Writes a line for people or programs to read; not for logs. */
  readonly print: (line: string) => void;
  /** Aborted when the user interrupts. */
  readonly signal: AbortSignal;
};

/** A command of `twinstream`. */
export type Command = {
  /** Help that teaches: what it does, flags with their meaning, an example to paste. */
  readonly help: string;
  readonly options: ParseArgsOptionsConfig;
  /** Does it. Throws CommandError for what the user can mend. */
  readonly run: (invocation: Invocation) => Promise<void>;
};

/** Something that the user can mend; its message is all they see. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

/** Flags that every command of a running hub takes. */
export const clientOptions = {
  data: { type: "string" },
  json: { type: "boolean" },
} as const satisfies ParseArgsOptionsConfig;

/** Their lines in a command's help. */
export const clientHelp = `  --data DIR   the data folder of the hub to talk to (default: TWINSTREAM_DATA or .twinstream)
  --json       print JSON instead of text`;

/** The text of a flag, or undefined when it was not given. */
export function textFlag({ flags }: Invocation, name: string): string | undefined {
  const value = flags[name];
  return typeof value === "string" ? value : undefined;
}

/** The word at a place. Throws CommandError that names what is missing. */
export function wordAt({ words }: Invocation, index: number, what: string): string {
  const word = words[index];
  if (word === undefined) throw new CommandError(`${what} is missing`);
  return word;
}

/** A flag that is a whole number. Throws CommandError that says what is allowed. */
export function numberFlag(
  invocation: Invocation,
  name: string,
  range: { min: number; max: number },
): number | undefined {
  const text = textFlag(invocation, name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= range.min && value <= range.max) return value;
  throw new CommandError(`--${name} is "${text}", but must be a whole number from ${range.min} to ${range.max}`);
}
