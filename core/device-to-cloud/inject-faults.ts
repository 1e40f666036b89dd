import type { DeviceAccess } from "../access/access.ts";
import type { IdentityKey } from "../events.ts";
import type { Clock, TelemetrySender } from "../ports.ts";
import { type Fault, faultOf, isLasting } from "./fault.ts";
import { type Faults, InjectedFault } from "./faults.ts";
import type { Telemetry, TelemetrySource } from "./telemetry.ts";

/** What fault injection is built from. */
export type FaultInjection = { readonly faults: Faults; readonly clock: Pick<Clock, "now"> };

/**
 * Telemetry in which a message can ask for a fault (spec/amqp 11, spec/mqtt 11). Otherwise it is a message as any
 * other: it is stored, and acknowledged before its fault begins. IoT Hub does so over AMQP; over MQTT it breaks the
 * connection without a PUBACK, which SDKs that send again answer with an endless loop of faults, so this hub does not.
 *
 * While a fault lasts, `send` and `sendAll` throw InjectedFault. A request of HTTPS has no connection to go on with, so
 * a fault that lasts refuses the request that asks for it, at once, and nothing after it: the C# suite notes that of
 * IoT Hub.
 */
export function telemetryWithFaults(telemetry: Telemetry, injection: FaultInjection): Telemetry {
  return {
    open: (source) => faultySender(telemetry.open(source), source, injection),
    sendAll: async (source, messages) => {
      refuseFaulted(source.principal, injection);
      const asked = messages.flatMap(({ properties }) => faultOf(properties) ?? []);
      const lasting = asked.find(isLasting);
      if (lasting !== undefined) throw new InjectedFault(lasting.operation);
      await telemetry.sendAll(source, messages);
      for (const fault of asked) if (!isLasting(fault)) source.onFault?.(fault);
    },
    whenReady: (ready) => telemetry.whenReady(ready),
  };
}

function faultySender(sender: TelemetrySender, source: TelemetrySource, injection: FaultInjection): TelemetrySender {
  return {
    send(message, stored) {
      refuseFaulted(source.principal, injection);
      const fault = faultOf(message.properties);
      if (fault === undefined) return sender.send(message, stored);
      return sender.send(message, (error) => {
        if (error === undefined) begin(fault, source, injection, stored);
        else stored(error);
      });
    },
  };
}

/** A fault that lasts is there before the device can know of it: with a delay of 0 its next message meets it. */
function begin(
  fault: Fault,
  source: TelemetrySource,
  { faults, clock }: FaultInjection,
  acknowledge: () => void,
): void {
  if (isLasting(fault)) faults.note(source.principal, fault, clock.now());
  acknowledge();
  if (!isLasting(fault)) source.onFault?.(fault);
}

/**
 * Device access that lets nobody in who is in an AuthError, whatever the protocol: a CONNECT, a put-token and a request
 * are refused with `IotHubUnauthorizedAccess`, once the token has proved to be good.
 */
export function deviceAccessWithFaults(access: DeviceAccess, { faults, clock }: FaultInjection): DeviceAccess {
  return {
    authenticate(credentials) {
      const principal = access.authenticate(credentials);
      const fault = faults.active(principal, clock.now());
      if (fault?.operation === "AuthError") throw new InjectedFault(fault.operation);
      return principal;
    },
  };
}

function refuseFaulted(identity: IdentityKey, { faults, clock }: FaultInjection): void {
  const fault = faults.active(identity, clock.now());
  if (fault !== undefined) throw new InjectedFault(fault.operation);
}
