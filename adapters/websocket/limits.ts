/** What a WebSocket grants its peer, who is not known yet. The values are this hub's own. */
export type WebSocketLimits = {
  /** The longest message, all its fragments together; beyond it the socket is closed with code 1009. */
  readonly maxMessageBytes: number;
  /** Fragments of one message, and beyond it code 1008: a fragment costs more than its bytes. */
  readonly maxFragments: number;
  /** Pieces of a message as they come from the network that wait for its end; beyond it code 1008. */
  readonly maxWaitingChunks: number;
  /** From the hub's close frame to the end of the socket, when the peer does not answer it, in milliseconds. */
  readonly closeTimeoutMs: number;
  /** Sockets that broke a rule and are given that time; beyond it they end at once. */
  readonly maxLingering: number;
  /** Silence after which TCP asks whether the peer's host is still there, in milliseconds. */
  readonly keepAliveMs: number;
};

/** An SDK's largest message is one of 256 KiB with its properties; a wait of seconds covers a slow line. */
export const defaultLimits: WebSocketLimits = {
  maxMessageBytes: 1_048_576,
  maxFragments: 1_024,
  maxWaitingChunks: 4_096,
  closeTimeoutMs: 5_000,
  maxLingering: 1_000,
  keepAliveMs: 30_000,
};
