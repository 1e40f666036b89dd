import { isUtf8 } from "node:buffer";
import pino from "pino";
import { connectNats } from "../../nats/connect.ts";
import { followTelemetry } from "../../nats/follow-telemetry.ts";
import type { TelemetryMessage } from "../../nats/telemetry-headers.ts";
import { type Command, CommandError, clientHelp, clientOptions, textFlag } from "../command.ts";
import { hubVariablesFor } from "../hub-client.ts";
import { printable } from "../output.ts";

/** `twinstream monitor` */
export const monitorCommand: Command = {
  help: `Shows telemetry as it arrives, until interrupted: of one device and its modules, or of all.

  twinstream monitor [deviceId] [--hub NAME]

  --hub NAME   the hub's name, when it is not twinstream
${clientHelp}

It reads the streams in NATS, so it needs the NATS_URL of hub.env.

Example: only the temperatures.
  twinstream monitor thermostat-1 --json | jq .body.temperature`,
  options: { ...clientOptions, hub: { type: "string" } },
  run: async (invocation) => {
    const variable = hubVariablesFor(invocation);
    const url = variable("NATS_URL");
    if (url === undefined)
      throw new CommandError("NATS_URL is not set, and no hub.env has it: start a hub, or name its --data");
    const hub = textFlag(invocation, "hub") ?? variable("TWINSTREAM_HUB") ?? "twinstream";
    const connection = await connectNats({ url, name: "twinstream monitor", log: pino({ level: "silent" }) }).catch(
      (cause: unknown) => {
        throw new CommandError("NATS does not answer: is the hub running?", { cause });
      },
    );
    const show = invocation.flags.json === true ? asJson : asText;
    const onMessage = (message: TelemetryMessage): void => invocation.print(show(message));
    try {
      await followTelemetry({
        nc: connection,
        hub,
        deviceId: invocation.words[0],
        signal: invocation.signal,
        onMessage,
      });
    } finally {
      await connection.close();
    }
  },
};

/** A body that is JSON is shown as JSON, other text as text, anything else as base64. */
function bodyOf({ body, properties }: TelemetryMessage): { body: unknown } | { base64: string } {
  if (!isUtf8(body)) return { base64: Buffer.from(body).toString("base64") };
  const text = Buffer.from(body).toString("utf8");
  if (!(properties.system["content-type"] ?? "application/json").startsWith("application/json")) return { body: text };
  try {
    return { body: JSON.parse(text) as unknown };
  } catch {
    return { body: text };
  }
}

function asJson(message: TelemetryMessage): string {
  const { stamp, enqueuedTime, properties } = message;
  return JSON.stringify({
    deviceId: stamp.deviceId,
    moduleId: stamp.moduleId,
    enqueuedTime,
    systemProperties: properties.system,
    applicationProperties: Object.fromEntries(properties.application),
    ...bodyOf(message),
  });
}

function asText(message: TelemetryMessage): string {
  const { stamp, enqueuedTime, properties } = message;
  const sender = stamp.moduleId === undefined ? stamp.deviceId : `${stamp.deviceId}/${stamp.moduleId}`;
  const named = [...Object.entries(properties.system), ...properties.application].map(
    ([name, value]) => `${name}=${value}`,
  );
  const content = bodyOf(message);
  const body = "base64" in content ? `base64 ${content.base64}` : textOf(content.body);
  return printable([enqueuedTime, sender, ...named, body].join(" "));
}

const textOf = (body: unknown): string => (typeof body === "string" ? body : JSON.stringify(body));
