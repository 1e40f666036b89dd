import { on } from "node:events";
import { parentPort, workerData } from "node:worker_threads";
import type { RecordedEvent } from "../../core/events.ts";
import { type RebuildProgress, rebuild } from "../../projections/rebuild.ts";
import { decodeEvent } from "../nats/event-codec.ts";
import { createEventVersions } from "../nats/upcast.ts";
import type { RebuildAnswer, RebuildOrder, RebuildParcel } from "./rebuild-in-worker.ts";

/*
 * The half of a rebuild that decodes events and writes the views, in a thread of its own: the other half, reading the
 * journal, takes nearly as long, and a hub that rebuilds at its start goes on answering meanwhile.
 */

const port = parentPort;
if (port === null) throw new Error("this file is run as a worker thread");
const { file, lastSequence } = workerData as RebuildOrder;
const versions = createEventVersions();
// Listens from the start: a message that comes when nobody listens is lost.
const parcels = on(port, "message");
const answer = (message: RebuildAnswer): void => port.postMessage(message);

async function* arriving(): AsyncGenerator<readonly RecordedEvent[], void, void> {
  for await (const [parcel] of parcels) yield eventsOf(parcel as RebuildParcel);
}

const eventsOf = ({ subjects, sequences, headerLines, texts }: RebuildParcel): readonly RecordedEvent[] =>
  subjects.map((subject, index) => {
    const [sequence = 0, lines = "", text = ""] = [sequences[index], headerLines[index], texts[index]];
    return decodeEvent({ subject, sequence, headerLines: lines, text }, versions);
  });

const onProgress = (progress: RebuildProgress): void => answer({ progress });
const result = await rebuild({ file, follow: arriving, lastSequence, onProgress });
answer({ result });
port.close();
