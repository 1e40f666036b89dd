import type { DevicePrincipal } from "../access/access.ts";
import { HubError } from "../hub-error.ts";
import type { TelemetryLog, TelemetrySender } from "../ports.ts";
import type { ConnectionFault } from "./fault.ts";
import { type D2cMessage, type MessageProperties, maxD2cBytes, type TelemetryStamp } from "./message.ts";
import { propertiesSize } from "./size.ts";

/** The connection, or the request, that telemetry comes from. */
export type TelemetrySource = {
  readonly principal: DevicePrincipal;
  readonly connectionId: string;
  readonly modelId?: string;
  /**
   * Told of a fault that a message asked of this connection, right after the message was acknowledged: its delay begins
   * now. Never called unless the hub runs with fault injection.
   */
  readonly onFault?: (fault: ConnectionFault) => void;
};

/** The telemetry use cases. */
export type Telemetry = {
  /**
   * A sender for one connection. Its `send` throws HubError `MessageTooLarge` for a message over 256 KiB, counted as
   * IoT Hub counts (body, values of system properties, names and values of application properties).
   */
  open(source: TelemetrySource): TelemetrySender;
  /** Stores a batch from one request; resolves once all of it is stored. Throws HubError `MessageTooLarge`. */
  sendAll(source: TelemetrySource, messages: readonly D2cMessage[]): Promise<void>;
  /** Calls `ready` once the hub takes messages again after `send` returned false. */
  whenReady(ready: () => void): void;
};

/** Makes the telemetry use cases over the telemetry streams. */
export function createTelemetry(log: TelemetryLog): Telemetry {
  return {
    open: (source) => measured(log.open(stampOf(source))),
    sendAll: async (source, messages) => {
      let total = 0;
      for (const { properties, body } of messages) total += body.byteLength + propertiesSize(properties);
      refuseOver(total, source.principal.deviceId);
      await storeAll(log, log.open(stampOf(source)), messages);
    },
    whenReady: (ready) => log.whenReady(ready),
  };
}

function stampOf({ principal, connectionId, modelId }: TelemetrySource): TelemetryStamp {
  const { deviceId, moduleId, generationId, authMethod } = principal;
  return {
    deviceId,
    ...(moduleId === undefined ? {} : { moduleId }),
    generationId,
    authMethod,
    connectionId,
    ...(modelId === undefined ? {} : { modelId }),
  };
}

/** Wraps a sender with the size rule. A device repeats its properties, so their size is kept for the last ones seen. */
function measured(sender: TelemetrySender): TelemetrySender {
  let last: MessageProperties | undefined;
  let lastSize = 0;
  return {
    send(message, stored) {
      if (message.properties !== last) {
        last = message.properties;
        lastSize = propertiesSize(message.properties);
      }
      refuseOver(message.body.byteLength + lastSize);
      return sender.send(message, stored);
    },
  };
}

function refuseOver(sizeBytes: number, deviceId?: string): void {
  if (sizeBytes <= maxD2cBytes) return;
  const detail = deviceId === undefined ? { sizeBytes } : { sizeBytes, deviceId };
  throw new HubError("MessageTooLarge", `Message size ${sizeBytes} exceeds the limit of ${maxD2cBytes} bytes`, detail);
}

async function storeAll(log: TelemetryLog, sender: TelemetrySender, messages: readonly D2cMessage[]): Promise<void> {
  const pending: Promise<void>[] = [];
  for (const message of messages) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // The failure is read from `pending` below; until then it must not count as unhandled.
    promise.catch(() => {});
    pending.push(promise);
    const roomLeft = sender.send(message, (error) => (error === undefined ? resolve() : reject(error)));
    if (!roomLeft) await new Promise<void>((ready) => log.whenReady(ready));
  }
  await Promise.all(pending);
}
