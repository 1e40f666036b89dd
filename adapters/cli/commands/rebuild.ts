import pino from "pino";
import { rebuildViews } from "../../node/rebuild-views.ts";
import type { Command } from "../command.ts";
import { operatorError } from "../operator-error.ts";
import { settingHelp, settingOptions, settingsOf } from "../setting-flags.ts";

const barWidth = 30;

/** `twinstream rebuild` */
export const rebuildCommand: Command = {
  help: `Drops the views in the data folder and builds them anew from the whole journal. The hub on that data folder must be
stopped. Nothing is lost: the views hold only what the journal says.

  twinstream rebuild [--json] [settings]

Settings, as a flag or as an environment variable:
${settingHelp()}

Example:
  twinstream rebuild --data .twinstream`,
  options: { ...settingOptions, json: { type: "boolean" } },
  run: async (invocation) => {
    const settings = settingsOf(invocation);
    const log = pino({ level: settings.logLevel === "info" ? "warn" : settings.logLevel }, pino.destination(2));
    const shown = process.stderr.isTTY;
    const result = await rebuildViews(settings, log, ({ applied, total, eventsPerSecond }) => {
      if (!shown) return;
      const done = Math.round((applied / total) * barWidth);
      const bar = `${"█".repeat(done)}${"░".repeat(barWidth - done)}`;
      process.stderr.write(`\r${bar} ${applied} of ${total} events, ${eventsPerSecond.toLocaleString("en")}/s `);
    }).catch((error: unknown) => {
      throw operatorError("the views can't be rebuilt", error, log);
    });
    if (shown) process.stderr.write("\n");
    const eventsPerSecond = Math.round(result.events / Math.max(result.seconds, 0.001));
    if (invocation.flags.json) return invocation.print(JSON.stringify({ ...result, eventsPerSecond }));
    const rate = eventsPerSecond.toLocaleString("en");
    invocation.print(
      `rebuilt the views from ${result.events} events in ${result.seconds.toFixed(1)} s, ${rate} events/s`,
    );
  },
};
