import type { Duplex } from "node:stream";
import type { Logger } from "pino";
import type { Hub } from "../../core/hub/hub.ts";
import type { Clock } from "../../core/ports.ts";
import { Connection, type ConnectionInfo } from "./connection.ts";
import { defaultLimits, type MqttLimits } from "./limits.ts";
import { createSchedule } from "./outbound.ts";

/** Where streams that speak MQTT 3.1.1 go, whatever brought them here. */
export type MqttListener = {
  /** Takes a stream of bytes; its life is the listener's from now on. Never throws for what comes out of the stream. */
  accept(stream: Duplex, info: ConnectionInfo): void;
  /** Ends all connections with reason HubStopped; resolves when the hub has recorded that. New streams are closed at once. */
  close(): Promise<void>;
  /** Ends what has timed out by the clock. The listener does so itself once a second. */
  sweep(): void;
  /** Streams held, those included that have not proved who they are. */
  readonly connectionCount: number;
};

export type MqttListenerOptions = {
  readonly hub: Hub;
  readonly log: Logger;
  readonly clock: Clock;
  readonly limits?: Partial<MqttLimits>;
};

const sweepIntervalMs = 1_000;

/** Makes the MQTT front of the hub (spec/mqtt). One timer and one flush serve all its connections. */
export function createMqttListener({ hub, log, clock, limits: given }: MqttListenerOptions): MqttListener {
  const limits = { ...defaultLimits, ...given };
  const connections = new Set<Connection>();
  const schedule = createSchedule();
  let halfOpen = 0;
  let closed = false;

  const onHalfOpenOver = () => {
    halfOpen -= 1;
  };
  const onReleased = (connection: Connection) => void connections.delete(connection);
  const sweep = () => {
    const now = clock.now();
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
      connections.add(new Connection(stream, info, { hub, log, clock, limits, schedule, onHalfOpenOver, onReleased }));
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
