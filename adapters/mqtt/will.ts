import type { IConnectPacket } from "mqtt-packet";
import type { DisconnectReason } from "../../core/connection/connection.ts";
import type { D2cMessage } from "../../core/device-to-cloud/message.ts";
import type { IdentityKey } from "../../core/events.ts";
import { ConnectRefused } from "./connack.ts";
import { withApplicationProperty } from "./property-bag.ts";
import { ProtocolViolation } from "./protocol-violation.ts";
import { parsePublishTopic } from "./topics.ts";

type ConnectWill = NonNullable<IConnectPacket["will"]>;

/**
 * The telemetry message that a will becomes (spec/mqtt 4). Throws ProtocolViolation for QoS 2 and above, as for a
 * PUBLISH, and ConnectRefused (not authorised) for a topic that is not the identity's own telemetry topic.
 */
export function readWill({ topic, payload, qos, retain }: ConnectWill, identity: IdentityKey): D2cMessage {
  if (qos !== undefined && qos > 1) throw new ProtocolViolation("will with QoS 2");
  const properties = withApplicationProperty(propertiesOf(topic, identity), "iothub-MessageType", "Will");
  return {
    properties: retain === true ? withApplicationProperty(properties, "mqtt-retain", "true") : properties,
    body: Buffer.from(payload),
  };
}

function propertiesOf(topic: string, identity: IdentityKey) {
  const refused = (cause?: unknown) =>
    new ConnectRefused("notAuthorized", "will topic is not the identity's telemetry topic", { cause });
  try {
    const parsed = parsePublishTopic(topic, identity);
    if (parsed.kind === "telemetry") return parsed.properties;
  } catch (error) {
    throw refused(error);
  }
  throw refused();
}

/**
 * Whether the will is sent when a connection ends so. MQTT keeps it back after a DISCONNECT only ([MQTT-3.1.2-10]), so it
 * is also sent on takeover, on expiry of the token and when the hub stops (unconfirmed for IoT Hub, spec/mqtt 4). An
 * identity that lost its access sends nothing more, and neither does its will.
 */
export function willIsSent(reason: DisconnectReason): boolean {
  switch (reason) {
    case "ClientDisconnected":
    case "CredentialsChanged":
    case "DeviceDisabled":
    case "DeviceDeleted":
      return false;
    case "DeviceConnectionClosedRemotely":
    case "ConnectionForcefullyClosedOnNewConnection":
    case "KeepAliveExceeded":
    case "TokenExpired":
    case "ProtocolViolation":
    case "FaultInjected":
    case "HubStopped":
    case "HubRestarted":
    case "ServerError":
      return true;
  }
}
