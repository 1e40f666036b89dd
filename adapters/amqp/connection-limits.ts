/** What one listener grants the peers that it does not trust, besides what the frame guard bounds. */
export type ConnectionLimits = {
  /** From accept to a token that counts, in milliseconds. */
  readonly provingDeadlineMs: number;
  /** Connections that have not proved who they are; beyond it new ones are closed at once. */
  readonly maxHalfOpen: number;
  /** Sessions and links of a connection that has not proved who it is. */
  readonly maxUnprovedSessions: number;
  readonly maxUnprovedLinks: number;
  /** Links of a connection; each device of a gateway has up to six. */
  readonly maxLinks: number;
  /** Tokens of a connection. IoT Hub has such a limit too (403005); its value is unconfirmed (spec/amqp 3). */
  readonly maxTokens: number;
  /** Bytes that wait for the peer to read before links that have much to send wait too. */
  readonly congestedBytes: number;
  /** Bytes that wait for the peer to read; beyond it the connection is closed. */
  readonly maxOutboundBytes: number;
  /** The silence that the hub announces to stand; twice that ends the connection, in milliseconds. */
  readonly idleTimeoutMs: number;
  /** The shortest silence that a client may ask the hub to break, in milliseconds. */
  readonly minIdleTimeoutMs: number;
  /** From the hub's end of a connection to the end of its socket, when the peer does not close its side, in milliseconds. */
  readonly lingerMs: number;
};

/** IoT Hub's own values are unconfirmed; four minutes of silence are what Edge hub stands (spec/amqp 3, 13). */
export const defaultConnectionLimits: ConnectionLimits = {
  provingDeadlineMs: 60_000,
  maxHalfOpen: 1_000,
  maxUnprovedSessions: 16,
  maxUnprovedLinks: 16,
  maxLinks: 16_384,
  maxTokens: 4_096,
  congestedBytes: 1_048_576,
  maxOutboundBytes: 16_777_216,
  idleTimeoutMs: 120_000,
  minIdleTimeoutMs: 1_000,
  lingerMs: 5_000,
};
