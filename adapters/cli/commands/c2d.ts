import { readFileSync } from "node:fs";
import {
  type Command,
  CommandError,
  clientHelp,
  clientOptions,
  type Invocation,
  numberFlag,
  textFlag,
  wordAt,
} from "../command.ts";
import { connectToHub, type HubClient } from "../hub-client.ts";
import { printable, table } from "../output.ts";

/** Where a message stands, as the hub tells it. */
type MessageState = {
  readonly messageId: string;
  readonly sequenceNumber: number;
  readonly state: string;
  readonly enqueuedTime?: string;
  readonly expiresAt?: string;
  readonly deliveryCount?: number;
  readonly reason?: string;
  readonly endedTime?: string;
};

/** The members of a feedback record that are shown. */
type FeedbackRecord = {
  readonly originalMessageId: string;
  readonly enqueuedTimeUtc: string;
  readonly statusCode: string;
  readonly deviceId: string;
};

/** The longest that a message may wait. */
const maxTtlSeconds = 172_800;

/** `twinstream c2d …` */
export const c2dCommand: Command = {
  help: `Sends messages to devices and shows what became of them.

  twinstream c2d send <deviceId> <text> [--file F] [--message-id ID] [--correlation-id ID] [--user-id ID]
                      [--ack KIND] [--ttl S] [--properties JSON] [--content-type T] [--content-encoding E]
  twinstream c2d list <deviceId>               messages that wait or are in the device's hands
  twinstream c2d show <deviceId> <messageId>   where a message stands, also after its end
  twinstream c2d purge <deviceId>              drop what waits
  twinstream c2d feedback                      what there is of feedback, which then is read

  --file F             send the bytes of a file instead of a text
  --message-id ID      the message's id; the hub makes one when not set
  --ack KIND           of which ends to hear: none, positive, negative or full (default: none)
  --ttl S              seconds until the message expires, up to ${maxTtlSeconds} (default: an hour)
  --properties JSON    application properties: an object of texts
${clientHelp}

Example: ask a thermostat to open its valve, and hear of it.
  twinstream c2d send thermostat-1 open --message-id valve-1 --ack full --properties '{"room": "kitchen"}'`,
  options: {
    ...clientOptions,
    file: { type: "string" },
    "message-id": { type: "string" },
    "correlation-id": { type: "string" },
    "user-id": { type: "string" },
    ack: { type: "string" },
    ttl: { type: "string" },
    properties: { type: "string" },
    "content-type": { type: "string" },
    "content-encoding": { type: "string" },
  },
  run: async (invocation) => {
    const action = wordAt(invocation, 0, "what to do (send, list, show, purge or feedback)");
    const run = actions.get(action);
    if (run === undefined) throw new CommandError(`c2d ${action} is unknown: send, list, show, purge or feedback`);
    await run(connectToHub(invocation), invocation);
  },
};

type Action = (hub: HubClient, invocation: Invocation) => Promise<void>;

const actions: ReadonlyMap<string, Action> = new Map<string, Action>([
  ["send", send],
  ["list", list],
  ["show", show],
  ["purge", purge],
  ["feedback", feedback],
]);

const deviceOf = (invocation: Invocation): string => encodeURIComponent(wordAt(invocation, 1, "the device id"));

async function send(hub: HubClient, invocation: Invocation): Promise<void> {
  const path = `/devices/${deviceOf(invocation)}/messages/devicebound`;
  const answer = await hub.send("POST", path, { bytes: bytesOf(invocation), headers: headersOf(invocation) });
  const sent = answer.body as MessageState;
  invocation.print(invocation.flags.json ? JSON.stringify(sent) : sent.messageId);
}

function bytesOf(invocation: Invocation): Buffer {
  const file = textFlag(invocation, "file");
  if (file === undefined) return Buffer.from(wordAt(invocation, 2, "the text"));
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new CommandError(`${file} can't be read`, { cause });
  }
}

/** The flags that travel as headers, with their names there. */
const systemHeaders = [
  ["message-id", "iothub-messageid"],
  ["correlation-id", "iothub-correlationid"],
  ["user-id", "iothub-userid"],
  ["ack", "iothub-ack"],
  ["content-type", "iothub-contenttype"],
  ["content-encoding", "iothub-contentencoding"],
] as const;

function headersOf(invocation: Invocation): Record<string, string> {
  const headers: Record<string, string> = { "content-type": "application/octet-stream" };
  for (const [flag, header] of systemHeaders) {
    const text = textFlag(invocation, flag);
    if (text !== undefined) headers[header] = headerText(text);
  }
  const ttl = numberFlag(invocation, "ttl", { min: 1, max: maxTtlSeconds });
  // The whole span, from now on, would be over by a blink at the hub.
  if (ttl !== undefined) headers["iothub-expiry"] = new Date(Date.now() + ttl * 1000 - 1).toISOString();
  for (const [name, value] of propertiesOf(invocation)) headers[`iothub-app-${name}`] = headerText(value);
  return headers;
}

function propertiesOf(invocation: Invocation): readonly (readonly [string, string])[] {
  const text = textFlag(invocation, "properties") ?? "{}";
  const wrong = `--properties must be a JSON object of texts, such as '{"color": "red"}'`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new CommandError(wrong);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new CommandError(wrong);
  return Object.entries(value).map(([name, property]) => {
    if (typeof property !== "string" || !/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) throw new CommandError(wrong);
    return [name, property];
  });
}

/** Node writes header characters as bytes: UTF-8 goes out as the bytes that it is. No header may hold a line break. */
function headerText(text: string): string {
  if (/\p{Cc}/u.test(text)) throw new CommandError("a property may not hold control characters");
  return Buffer.from(text, "utf8").toString("latin1");
}

async function list(hub: HubClient, invocation: Invocation): Promise<void> {
  const states = (await hub.send("GET", `/devices/${deviceOf(invocation)}/commands`)).body as readonly MessageState[];
  if (invocation.flags.json) return invocation.print(JSON.stringify(states));
  const rows = states.map(({ messageId, state, enqueuedTime = "", expiresAt = "", deliveryCount = 0 }) => [
    printable(messageId),
    state,
    enqueuedTime,
    expiresAt,
    String(deliveryCount),
  ]);
  invocation.print(table([["MESSAGE", "STATE", "ENQUEUED", "EXPIRES", "DELIVERIES"], ...rows]));
}

async function show(hub: HubClient, invocation: Invocation): Promise<void> {
  const messageId = encodeURIComponent(wordAt(invocation, 2, "the message id"));
  const state = (await hub.send("GET", `/devices/${deviceOf(invocation)}/commands/${messageId}`)).body as MessageState;
  if (invocation.flags.json) return invocation.print(JSON.stringify(state));
  const { reason, endedTime, expiresAt } = state;
  const rest = endedTime === undefined ? `until ${expiresAt}` : `${reason} at ${endedTime}`;
  invocation.print(printable(`${state.messageId} ${state.state} ${rest}`));
}

async function purge(hub: HubClient, invocation: Invocation): Promise<void> {
  const { body } = await hub.send("DELETE", `/devices/${deviceOf(invocation)}/commands`);
  const { totalMessagesPurged } = body as { readonly totalMessagesPurged: number };
  invocation.print(invocation.flags.json ? JSON.stringify(body) : `dropped ${totalMessagesPurged}`);
}

/** Reads batch after batch; each is completed once it is printed. */
async function feedback(hub: HubClient, invocation: Invocation): Promise<void> {
  const path = "/messages/serviceBound/feedback";
  for (;;) {
    const { body, headers } = await hub.send("GET", path);
    if (body === undefined) return;
    for (const record of body as readonly FeedbackRecord[]) invocation.print(feedbackLine(record, invocation));
    const lockToken = String(headers.etag).replaceAll('"', "");
    await hub.send("DELETE", `${path}/${lockToken}`);
  }
}

function feedbackLine(record: FeedbackRecord, { flags }: Invocation): string {
  const { enqueuedTimeUtc, deviceId, originalMessageId, statusCode } = record;
  if (flags.json) return JSON.stringify(record);
  return printable(`${enqueuedTimeUtc} ${deviceId} ${originalMessageId} ${statusCode}`);
}
