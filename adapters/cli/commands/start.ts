import { once } from "node:events";
import pino from "pino";
import { startHubNode } from "../../node/start-hub-node.ts";
import { hubEnvFile } from "../../settings/hub-env.ts";
import type { Command } from "../command.ts";
import { operatorError } from "../operator-error.ts";
import { settingHelp, settingOptions, settingsOf } from "../setting-flags.ts";

/** `twinstream start` */
export const startCommand: Command = {
  help: `Runs a hub until it is interrupted. Without settings it is a whole hub on this machine: it starts its own NATS,
makes a development CA, five access policies and a first device, and leaves their connection strings in hub.env.

  twinstream start [settings]

Settings, as a flag or as an environment variable:
${settingHelp()}

Example: a hub on free ports, beside another one.
  twinstream start --data /tmp/hub-2 --https-port 0 --mqtts-port 0`,
  options: settingOptions,
  run: async (invocation) => {
    const settings = settingsOf(invocation);
    const log = pino({ level: settings.logLevel, redact: ["authorization", "*.authorization"] }, pino.destination(2));
    await using node = await startHubNode(settings, log).catch((error: unknown) => {
      throw operatorError("the hub can't start", error, log);
    });
    const { https, mqtts, amqps, mqtt } = node.ports;
    const plain = mqtt === undefined ? "" : `, MQTT without TLS ${mqtt}`;
    invocation.print(`durability: ${node.durability}`);
    invocation.print(
      `the hub is ready: HTTPS ${https}, MQTT ${mqtts}, AMQP ${amqps}${plain}; next: source ${hubEnvFile(settings.data)}`,
    );
    if (!invocation.signal.aborted) await once(invocation.signal, "abort");
    log.info("stopping");
  },
};
