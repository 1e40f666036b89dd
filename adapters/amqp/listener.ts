import type { Duplex } from "node:stream";
import type { Logger } from "pino";
import type { Hub } from "../../core/hub/hub.ts";
import type { Clock } from "../../core/ports.ts";
import { AmqpConnection, type ConnectionInfo } from "./connection.ts";
import { type AmqpLimits, defaultLimits } from "./limits.ts";
import type { Attach } from "./link.ts";
import type { Redirect } from "./redirect.ts";

/** Where streams that speak AMQP 1.0 go, whatever brought them here. */
export type AmqpListener = {
  /** Takes a stream of bytes; its life is the listener's from now on. Never throws for what comes out of the stream. */
  accept(stream: Duplex, info: ConnectionInfo): void;
  /** Ends all connections; resolves when the hub has recorded that. New streams are closed at once. */
  close(): Promise<void>;
  /** Ends what has timed out by the clock. The listener does so itself once a second. */
  sweep(): void;
  /** Streams held, those included that have not proved who they are. */
  readonly connectionCount: number;
};

export type AmqpListenerOptions = {
  readonly hub: Hub;
  readonly log: Logger;
  readonly clock: Clock;
  /** The hub's name among AMQP containers. */
  readonly containerId: string;
  readonly eventHubs: Attach;
  readonly redirect: Redirect;
  readonly limits?: Partial<AmqpLimits>;
};

const sweepIntervalMs = 1_000;

/** Makes the AMQP front of the hub (spec/amqp). One timer serves all its connections. */
export function createAmqpListener({ limits: given, ...deps }: AmqpListenerOptions): AmqpListener {
  const limits = { ...defaultLimits, ...given };
  const connections = new Set<AmqpConnection>();
  let halfOpen = 0;
  let closed = false;

  const onHalfOpenOver = () => {
    halfOpen -= 1;
  };
  const onReleased = (connection: AmqpConnection) => void connections.delete(connection);
  const sweep = () => {
    const now = deps.clock.now();
    for (const connection of connections) connection.sweep(now);
  };
  const timer = setInterval(sweep, sweepIntervalMs).unref();

  return {
    accept(stream, info) {
      if (closed || halfOpen >= limits.maxHalfOpen) {
        // An error of a stream that nobody holds must not end the process.
        stream.on("error", () => {}).destroy();
        return;
      }
      halfOpen += 1;
      connections.add(new AmqpConnection(stream, info, { ...deps, limits, onHalfOpenOver, onReleased }));
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
