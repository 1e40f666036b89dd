import { on } from "node:events";
import { parentPort, workerData } from "node:worker_threads";
import { type RebuildProgress, rebuild } from "../../projections/rebuild.ts";
import type { ViewedEvent } from "../../projections/viewed-event.ts";
import { createViewDecoder } from "../nats/event-codec.ts";
import { createEventVersions } from "../nats/upcast.ts";
import type { RebuildAnswer, RebuildOrder, RebuildParcel } from "./rebuild-in-worker.ts";

/*
 * The half of a rebuild that decodes events and writes the views, in a thread of its own: the other half, reading the
 * journal, takes nearly as long, and a hub that rebuilds at its start goes on answering meanwhile.
 */

const port = parentPort;
if (port === null) throw new Error("this file is run as a worker thread");
const { file, lastSequence } = workerData as RebuildOrder;
const decode = createViewDecoder(createEventVersions());
// Listens from the start: a message that comes when nobody listens is lost.
const parcels = on(port, "message");
const answer = (message: RebuildAnswer): void => port.postMessage(message);

async function* arriving(): AsyncGenerator<readonly ViewedEvent[], void, void> {
  for await (const [parcel] of parcels) yield eventsOf(parcel as RebuildParcel);
}

const eventsOf = (parcel: RebuildParcel): readonly ViewedEvent[] =>
  parcel.subjects.map((subject, index) => {
    const [sequence = 0, version = 0] = [parcel.sequences[index], parcel.versions[index]];
    const [type = "", time = "", text = ""] = [parcel.types[index], parcel.times[index], parcel.texts[index]];
    const [actor = "", correlationId = ""] = [parcel.actors[index], parcel.correlationIds[index]];
    return decode({ subject, sequence, type, version, time, actor, correlationId, text });
  });

const onProgress = (progress: RebuildProgress): void => answer({ progress });
const result = await rebuild({ file, follow: arriving, lastSequence, onProgress });
answer({ result });
port.close();
