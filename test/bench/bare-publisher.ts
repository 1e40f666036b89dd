import { connect, nanos } from "nats";
import { LatencyHistogram } from "./latency-histogram.ts";
import { bodyOf, report } from "./load.ts";

/**
 * What JetStream itself takes: a bare `nats` client that publishes bodies without headers, `window` at a time, in a
 * process of its own: `node bare-publisher.ts <url> <messages> <window> <bodyBytes>`. Prints one JSON line.
 */
const [url = "", messageText, windowText, bodyText] = process.argv.slice(2);
const messages = Number(messageText);
const connection = await connect({ servers: url });
const manager = await connection.jetstreamManager();
await manager.streams.add({ name: "BARE", subjects: ["bare.>"], max_age: nanos(3_600_000) });

const body = bodyOf(Number(bodyText));
const sentAt = new Float64Array(messages);
const latencies = new LatencyHistogram();
const finished = Promise.withResolvers<void>();
let sent = 0;
let stored = 0;

// A refusal begins `{"error"`, a good answer `{"stream"`.
const errorMark = 0x65;
const inbox = `_INBOX.bare.${process.pid}`;
const send = () => {
  sentAt[sent] = performance.now();
  connection.publish("bare.device", body, { reply: `${inbox}.${sent}` });
  sent += 1;
};
connection.subscribe(`${inbox}.*`, {
  callback: (error, message) => {
    if (error !== null || message.data[2] === errorMark) return finished.reject(error ?? new Error(message.string()));
    latencies.record(performance.now() - (sentAt[Number(message.subject.slice(inbox.length + 1))] ?? 0));
    stored += 1;
    if (stored === messages) finished.resolve();
    else if (sent < messages) send();
  },
});

const started = performance.now();
for (let index = 0; index < Number(windowText); index += 1) send();
await finished.promise;
const seconds = (performance.now() - started) / 1000;
report({ connectSeconds: 0, seconds, messages, latencies });
await connection.close();
