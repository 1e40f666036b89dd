import type { DisconnectReason } from "../../core/connection/connection.ts";
import type { ConnectionOperation } from "../../core/device-to-cloud/fault.ts";

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
    case "FaultInjected":
    case "HubStopped":
    case "HubRestarted":
    case "ServerError":
      return true;
  }
}

/** How a fault that a device injects ends its MQTT connection; undefined for those of AMQP, which mean nothing here. */
export function faultEnding(operation: ConnectionOperation): "abrupt" | "graceful" | undefined {
  switch (operation) {
    case "KillTcp":
      return "abrupt";
    case "ShutDownMqtt":
      return "graceful";
    case "KillAmqpConnection":
    case "KillAmqpSession":
    case "KillAmqpCBSLinkReq":
    case "KillAmqpCBSLinkResp":
    case "KillAmqpD2CLink":
    case "KillAmqpC2DLink":
    case "KillAmqpTwinLinkReq":
    case "KillAmqpTwinLinkResp":
    case "KillAmqpMethodReqLink":
    case "KillAmqpMethodRespLink":
    case "ShutDownAmqp":
      return undefined;
  }
}
