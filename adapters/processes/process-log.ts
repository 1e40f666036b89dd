/** The part of a pino logger that this folder uses. */
export type ProcessLog = {
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
};
