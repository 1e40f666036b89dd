import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { table } from "../../adapters/cli/output.ts";
import { measureConnects } from "./connects.ts";
import { measureEventReads } from "./event-reads.ts";
import { bodyBytes, ingestHead, measureIngest, rounds } from "./ingest.ts";
import { measureMethods } from "./methods.ts";
import { measureQueries } from "./query.ts";
import { measureRebuild } from "./rebuild.ts";
import { measureTimeTravel } from "./time-travel.ts";
import { measureTwinPatches } from "./twin-patches.ts";

/**
 * `npm run bench`: durable ingest over every protocol, twin patches, direct methods, connects, the rebuild and queries. `--quick`
 * runs a tenth of the messages, `--readme` writes what came out into the README.
 */
const quick = process.argv.includes("--quick");
const here = import.meta.dirname;

const readme = join(here, "../../README.md");
const block = /(<!-- bench -->\n)[\s\S]*?(<!-- \/bench -->)/;
const lines: string[] = [];
const say = (text: string): void => {
  lines.push(text);
  console.log(text);
};

const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: here, encoding: "utf8" }).trim();
say(`commit ${commit}, ${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.version}`);
say(`${bodyBytes}-byte bodies, every message counted when acknowledged (QoS 1, accepted, 204), about 4,000 in flight`);
say(
  `(HTTPS: one request a connection), median of ${rounds} rounds; ratios to nats-server MQTT and to bare JetStream\n`,
);
const rows: string[][] = [];
for (const durability of ["interval", "always"] as const) {
  for (const connections of [100, 1000]) {
    const everyProtocol = connections === 100;
    rows.push(...(await measureIngest({ durability, connections, everyProtocol, quick })));
  }
}
say(`${table([ingestHead, ...rows])}\n`);
for (const durability of ["interval", "always"] as const) say(await measureTwinPatches(durability, quick));
say(await measureEventReads(quick));
say(await measureMethods(quick));
say(await measureConnects(quick));
say(await measureRebuild(quick));
for (const line of await measureTimeTravel(quick)) say(line);
for await (const line of measureQueries(quick)) say(line);

if (process.argv.includes("--readme")) {
  const written = `\`\`\`\n${lines.join("\n")}\n\`\`\`\n`;
  const text = readFileSync(readme, "utf8");
  writeFileSync(
    readme,
    text.replace(block, (_, start: string, end: string) => `${start}${written}${end}`),
  );
}
