import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { NatsLog } from "./nats-log.ts";

const maxLineChars = 2048;
const keptLines = 5;

/** What nats-server says of its own way of writing a password, which is fit for a file that only the owner reads. */
const needlessWarning = /^Plaintext passwords detected/;

/** The last complaints of a nats-server, for the error that says why it did not start. */
export type ServerLog = { readonly complaints: readonly string[] };

/**
 * Passes the lines of a nats-server on: its warnings and errors as warnings, all else for debugging. Wherever `secret`
 * stands in a line, such as in a complaint about the configuration, it is blotted out.
 */
export function passServerLog(outputs: readonly (Readable | null)[], secret: string, log: NatsLog): ServerLog {
  const complaints: string[] = [];
  const pass = (line: string): void => {
    const clean = line.slice(0, maxLineChars).replaceAll(secret, "***");
    const [, level, text] = /^\[\d+\] \[([A-Z]{3})\] ?(.*)$/.exec(clean) ?? [];
    if (level === "INF" || level === "DBG" || level === "TRC" || needlessWarning.test(text ?? "")) {
      log.debug({ natsServer: text }, "nats-server");
      return;
    }
    complaints.push(text ?? clean);
    if (complaints.length > keptLines) complaints.shift();
    log.warn({ natsServer: text ?? clean }, "nats-server");
  };
  for (const input of outputs) if (input !== null) createInterface({ input }).on("line", pass);
  return { complaints };
}
