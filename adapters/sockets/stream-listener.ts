import type { Duplex } from "node:stream";
import type { Clock } from "../../core/ports.ts";

/** Where streams of one protocol go, whatever brought them here. */
export type StreamListener<Info> = {
  /** Takes a stream of bytes; its life is the listener's from now on. Never throws for what comes out of the stream. */
  accept(stream: Duplex, info: Info): void;
  /** Ends all connections with reason HubStopped; resolves when the hub has recorded that. New streams are closed at once. */
  close(): Promise<void>;
  /** Ends what has timed out by the clock. The listener does so itself once a second. */
  sweep(): void;
  /** Streams held, those included that have not proved who they are. */
  readonly connectionCount: number;
};

/** A connection as its listener drives it. */
export type HeldConnection = {
  /** Ends what time has ended; `now` is in milliseconds since 1970. */
  sweep(now: number): void;
  /** Ends the connection because the hub stops; resolves when the hub knows. */
  stop(): Promise<void>;
};

/** What a connection tells its listener. */
export type ConnectionEvents<C> = {
  /** The peer has proved who it is, or is gone. Only the first call counts. */
  readonly onHalfOpenOver: () => void;
  /** The stream is gone and the hub knows. Called once. */
  readonly onReleased: (connection: C) => void;
};

/** What a listener is made of. */
export type StreamListenerOptions<Info, C> = {
  readonly clock: Pick<Clock, "now">;
  /** Connections that have not proved who they are; beyond it new ones are closed at once. */
  readonly maxHalfOpen: number;
  readonly connect: (stream: Duplex, info: Info, events: ConnectionEvents<C>) => C;
};

const sweepIntervalMs = 1_000;

/** Makes the listener of a protocol. One timer serves all its connections. */
export function createStreamListener<Info, C extends HeldConnection>(
  options: StreamListenerOptions<Info, C>,
): StreamListener<Info> {
  const { clock, maxHalfOpen, connect } = options;
  const connections = new Set<C>();
  let halfOpen = 0;
  let closed = false;

  const onReleased = (connection: C) => void connections.delete(connection);
  const sweep = () => {
    const now = clock.now();
    for (const connection of connections) connection.sweep(now);
  };
  const timer = setInterval(sweep, sweepIntervalMs).unref();

  return {
    accept(stream, info) {
      if (closed || halfOpen >= maxHalfOpen) {
        // An error of a stream that nobody holds must not end the process.
        stream.on("error", () => {}).destroy();
        return;
      }
      halfOpen += 1;
      let isHalfOpen = true;
      const onHalfOpenOver = () => {
        if (isHalfOpen) halfOpen -= 1;
        isHalfOpen = false;
      };
      connections.add(connect(stream, info, { onHalfOpenOver, onReleased }));
    },
    async close() {
      closed = true;
      clearInterval(timer);
      await Promise.all(Array.from(connections, (connection) => connection.stop()));
    },
    sweep,
    get connectionCount() {
      return connections.size;
    },
  };
}
