import type { Logger } from "pino";
import type { Hub } from "../../core/hub/hub.ts";
import type { Clock } from "../../core/ports.ts";
import { createStreamListener, type StreamListener } from "../sockets/stream-listener.ts";
import { Connection, type ConnectionInfo } from "./connection.ts";
import { defaultLimits, type MqttLimits } from "./limits.ts";
import { createSchedule } from "./outbound.ts";

/** Where streams that speak MQTT 3.1.1 go. */
export type MqttListener = StreamListener<ConnectionInfo>;

export type MqttListenerOptions = {
  readonly hub: Hub;
  readonly log: Logger;
  readonly clock: Clock;
  readonly limits?: Partial<MqttLimits>;
};

/** Makes the MQTT front of the hub (spec/mqtt). One flush serves all its connections. */
export function createMqttListener({ hub, log, clock, limits: given }: MqttListenerOptions): MqttListener {
  const limits = { ...defaultLimits, ...given };
  const deps = { hub, log, clock, limits, schedule: createSchedule() };
  return createStreamListener<ConnectionInfo, Connection>({
    clock,
    maxHalfOpen: limits.maxHalfOpen,
    connect: (stream, info, events) => new Connection(stream, info, { ...deps, ...events }),
  });
}
