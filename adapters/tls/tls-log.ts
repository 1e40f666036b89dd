/** The part of a pino logger that this folder uses. */
export type TlsLog = {
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
};
