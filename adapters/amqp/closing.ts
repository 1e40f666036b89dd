import type { DisconnectReason } from "../../core/connection/connection.ts";
import type { AmqpError } from "./amqp-error.ts";

/**
 * What the links of a session that ends so are detached with; undefined when the device ended it or is gone. Which
 * conditions IoT Hub itself uses for a takeover and an expired token is unconfirmed (spec/amqp 5, 13).
 */
export function endOf(reason: DisconnectReason): AmqpError | undefined {
  switch (reason) {
    case "ClientDisconnected":
    case "DeviceConnectionClosedRemotely":
    case "KeepAliveExceeded":
    case "ProtocolViolation":
    case "FaultInjected":
      return undefined;
    case "ConnectionForcefullyClosedOnNewConnection":
      return { condition: "amqp:link:stolen", description: "The device has opened a newer connection." };
    case "TokenExpired":
      return { condition: "amqp:unauthorized-access", description: "The token has expired." };
    case "CredentialsChanged":
      return { condition: "amqp:unauthorized-access", description: "The credentials have changed." };
    case "DeviceDisabled":
      return { condition: "amqp:unauthorized-access", description: "The device is disabled." };
    case "DeviceDeleted":
      return { condition: "amqp:not-found", description: "The device is not registered." };
    case "HubStopped":
    case "HubRestarted":
      return { condition: "amqp:link:detach-forced", description: "The hub is stopping." };
    case "ServerError":
      return { condition: "amqp:internal-error", description: "The hub failed." };
  }
}
