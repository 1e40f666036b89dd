import type { Logger } from "pino";
import type { Hub } from "../../core/hub/hub.ts";
import type { Clock } from "../../core/ports.ts";
import { createStreamListener, type StreamListener } from "../sockets/stream-listener.ts";
import { AmqpConnection, type ConnectionInfo } from "./connection.ts";
import { type AmqpLimits, defaultLimits } from "./limits.ts";
import type { Attach } from "./link.ts";
import type { Redirect } from "./redirect.ts";

/** Where streams that speak AMQP 1.0 go. */
export type AmqpListener = StreamListener<ConnectionInfo>;

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

/** Makes the AMQP front of the hub (spec/amqp). */
export function createAmqpListener({ limits: given, ...deps }: AmqpListenerOptions): AmqpListener {
  const limits = { ...defaultLimits, ...given };
  return createStreamListener<ConnectionInfo, AmqpConnection>({
    clock: deps.clock,
    maxHalfOpen: limits.maxHalfOpen,
    connect: (stream, info, events) => new AmqpConnection(stream, info, { ...deps, limits, ...events }),
  });
}
