import pino from "pino";
import { connectNats } from "../../nats/connect.ts";
import { followTelemetry } from "../../nats/follow-telemetry.ts";
import { type Command, CommandError, clientHelp, clientOptions, type Invocation, textFlag } from "../command.ts";
import { type FollowEventHubs, followEventHubs } from "../follow-event-hubs.ts";
import { hubVariablesFor } from "../hub-client.ts";
import { type ShownMessage, telemetryAsJson, telemetryAsText } from "../telemetry-lines.ts";

/** `twinstream monitor` */
export const monitorCommand: Command = {
  help: `Shows telemetry as it arrives, until interrupted: of one device and its modules, or of all.

  twinstream monitor [deviceId] [--hub NAME]
  twinstream monitor [deviceId] --event-hubs [--consumer-group NAME] [--from WHERE]

  --hub NAME              the hub's name, when it is not twinstream
  --event-hubs            read through the built-in endpoint, as a back end does
  --consumer-group NAME   read as this group (default: $Default)
  --from WHERE            begin with the earliest event, the latest (default), the one with a sequence number, or the
                          first one after a time such as 2026-03-01T12:00:00Z
${clientHelp}

It reads the streams in NATS, so it needs the NATS_URL of hub.env. With --event-hubs it needs EVENTHUB_CONNECTION_STRING
instead, and reads every partition: their events come in order each, but not among each other.

Example: only the temperatures.
  twinstream monitor thermostat-1 --json | jq .body.temperature
Example: everything since this morning.
  twinstream monitor --event-hubs --from 2026-03-01T00:00:00Z`,
  options: {
    ...clientOptions,
    hub: { type: "string" },
    "event-hubs": { type: "boolean" },
    "consumer-group": { type: "string" },
    from: { type: "string" },
  },
  run: async (invocation) => {
    const { flags, words, print, signal } = invocation;
    const show = flags.json === true ? telemetryAsJson : telemetryAsText;
    const onMessage = (message: ShownMessage): void => print(show(message));
    if (flags["event-hubs"] === true) {
      await followEventHubs({ ...eventHubsOf(invocation), deviceId: words[0], signal, onMessage });
      return;
    }
    for (const flag of ["consumer-group", "from"]) {
      if (flags[flag] !== undefined) throw new CommandError(`--${flag} goes with --event-hubs`);
    }
    await followNats(invocation, onMessage);
  },
};

function eventHubsOf(invocation: Invocation): Omit<FollowEventHubs, "deviceId" | "signal" | "onMessage"> {
  const variable = hubVariablesFor(invocation);
  const connectionString = variable("EVENTHUB_CONNECTION_STRING");
  if (connectionString === undefined) {
    throw new CommandError(
      "EVENTHUB_CONNECTION_STRING is not set, and no hub.env has it: start a hub, or name its --data",
    );
  }
  return {
    connectionString,
    caFile: variable("NODE_EXTRA_CA_CERTS"),
    consumerGroup: textFlag(invocation, "consumer-group") ?? "$Default",
    from: textFlag(invocation, "from") ?? "latest",
  };
}

async function followNats(invocation: Invocation, onMessage: (message: ShownMessage) => void): Promise<void> {
  const variable = hubVariablesFor(invocation);
  const url = variable("NATS_URL");
  if (url === undefined) {
    throw new CommandError("NATS_URL is not set, and no hub.env has it: start a hub, or name its --data");
  }
  const hub = textFlag(invocation, "hub") ?? variable("TWINSTREAM_HUB") ?? "twinstream";
  const log = pino({ level: "silent" });
  const connection = await connectNats({ url, name: "twinstream monitor", log }).catch((cause: unknown) => {
    throw new CommandError("NATS does not answer: is the hub running?", { cause });
  });
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
}
