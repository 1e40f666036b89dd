import { generate } from "mqtt-packet";
import { bodyOf } from "./load.ts";

/** A CONNECT packet with a clean session. */
export function connectPacket(client: { clientId: string; username?: string; password?: string }): Buffer {
  const { clientId, username, password } = client;
  return generate({
    cmd: "connect",
    protocolId: "MQTT",
    protocolVersion: 4,
    clean: true,
    keepalive: 0,
    clientId,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password: Buffer.from(password) }),
  });
}

/** A QoS 1 PUBLISH with a JSON-like body of `bodyBytes`. */
export function publishPacket(topic: string, messageId: number, bodyBytes: number): Buffer {
  const payload = bodyOf(bodyBytes);
  return generate({ cmd: "publish", topic, payload, qos: 1, messageId, dup: false, retain: false });
}
