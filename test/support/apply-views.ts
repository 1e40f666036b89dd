/** Run as a process: applies a fleet's life to the views in a file from their checkpoint on, a line for each batch. */
import { writeSync } from "node:fs";
import { mixedEvents } from "./mixed-events.ts";
import { openViews } from "./views.ts";

const [file = "", count = "", devices = "", batchSize = ""] = process.argv.slice(2);
const events = mixedEvents(Number(count), Number(devices));
const { projector } = openViews(file);
for (let start = projector.appliedSequence(); start < events.length; start += Number(batchSize)) {
  projector.apply(events.slice(start, start + Number(batchSize)));
  // Synchronous, so that the line is out when the process is killed in the next batch.
  writeSync(1, `${projector.appliedSequence()}\n`);
}
