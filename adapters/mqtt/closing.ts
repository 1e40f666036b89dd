import type { DisconnectReason } from "../../core/connection/connection.ts";

/**
 * Whether the socket of a connection that ends so is closed only when all that waits is sent. A peer that is gone, silent
 * or against the rules gets no such patience. MQTT 3.1.1 has no word for the reason: the close is all a device sees.
 */
export function isGraceful(reason: DisconnectReason): boolean {
  switch (reason) {
    case "DeviceConnectionClosedRemotely":
    case "KeepAliveExceeded":
    case "ProtocolViolation":
      return false;
    case "ClientDisconnected":
    case "ConnectionForcefullyClosedOnNewConnection":
    case "TokenExpired":
    case "CredentialsChanged":
    case "DeviceDisabled":
    case "DeviceDeleted":
    case "HubStopped":
    case "HubRestarted":
    case "ServerError":
      return true;
  }
}
