import type { Logger } from "pino";
import { CommandError } from "./command.ts";

/**
 * What keeps a hub from starting is mostly the operator's to mend — a port, a folder, a server — so they get the messages
 * of the error and its causes, and the stack only in the log at level debug.
 */
export function operatorError(what: string, error: unknown, log: Logger): CommandError {
  log.debug({ err: error }, what);
  const messages: string[] = [];
  for (let cause = error; cause instanceof Error; cause = cause.cause) messages.push(cause.message);
  return new CommandError(`${what}: ${messages.length === 0 ? String(error) : messages.join(": ")}`, { cause: error });
}
