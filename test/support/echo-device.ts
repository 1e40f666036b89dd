import { connect, type Socket } from "node:net";
import { parser as createParser, generate, type IPublishPacket } from "mqtt-packet";
import { sasToken } from "./device-login.ts";
import type { DeviceKey } from "./hub-nodes.ts";

/** A device that takes direct methods over MQTT without TLS, with as little around it as can be: there may be thousands. */
export async function openEchoDevice(
  port: number,
  { deviceId, key }: DeviceKey,
  called: (deviceId: string) => void,
): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  const parser = createParser();
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  parser.on("packet", (packet) => {
    if (packet.cmd === "connack") socket.write(subscribe);
    else if (packet.cmd === "suback") resolve(socket);
    else if (packet.cmd === "publish") {
      called(deviceId);
      socket.write(echo(packet));
    }
  });
  socket.on("data", (data: Buffer) => parser.parse(data));
  socket.on("error", reject);
  socket.once("close", () => reject(new Error("the hub closed a connection")));
  socket.write(
    generate({
      cmd: "connect",
      protocolId: "MQTT",
      protocolVersion: 4,
      clean: true,
      keepalive: 0,
      clientId: deviceId,
      username: `localhost/${deviceId}/?api-version=2021-04-12`,
      password: Buffer.from(sasToken(`localhost/devices/${deviceId}`, key)),
    }),
  );
  return await promise;
}

const subscribe = generate({
  cmd: "subscribe",
  messageId: 1,
  subscriptions: [{ topic: "$iothub/methods/POST/#", qos: 0 }],
});

/** The answer to a call: 200, and what was given. */
const echo = ({ topic, payload }: IPublishPacket): Buffer =>
  generate({
    cmd: "publish",
    topic: topic.replace(/POST\/[^/]+/, "res/200"),
    payload,
    qos: 0,
    dup: false,
    retain: false,
  });
