import rhea, { type EventContext, type Message, type Receiver, type Sender, type Session, type Typed } from "rhea";
import { errorTable, HubError } from "../../core/hub-error.ts";
import type { Peer } from "../amqp/link.ts";
import { textAddress } from "../amqp/link-address.ts";
import { LinkRefused } from "../amqp/link-refused.ts";
import { OutgoingMessages } from "../amqp/outgoing-messages.ts";
import type { PartitionLog } from "../nats/partition-log.ts";
import { isEntity } from "./entity-address.ts";
import { entityNotFound, partitionIn } from "./refusals.ts";
import { clientSequence } from "./sequences.ts";

/** What `$management` is made of. */
export type ManagementOptions = {
  readonly entity: string;
  readonly log: PartitionLog;
  /** Checks a token that a request carries. Throws HubError `IotHubUnauthorizedAccess`. */
  readonly authorize: (token: string) => void;
};

/** A reply's body: names and AMQP values. */
type Answer = { readonly code: number; readonly description: string; readonly body?: Record<string, unknown> };

const requestsAtOnce = 20;
const maxRepliesWaiting = 100;
const { types } = rhea;
const str8 = 0xa1;

/** The `$management` node: what there is to know of the event hub and its partitions (spec/amqp 9). */
export class Management {
  readonly #options: ManagementOptions;
  /** The links that replies go to, by session and by the address that the client gave to its own end. */
  readonly #replies = new WeakMap<Session, Map<string, OutgoingMessages>>();

  constructor(options: ManagementOptions) {
    this.#options = options;
  }

  /** Takes a link of requests, or of replies. Returns what is to be done once it is gone. */
  attach(link: Sender | Receiver, peer: Peer): () => void {
    if (link.is_receiver()) return this.#takeRequests(link as Receiver, peer);
    const sender = link as Sender;
    const { session } = sender;
    const replyTo = textAddress(sender.target) ?? "";
    const replies = new OutgoingMessages(sender, { limit: maxRepliesWaiting, onOverflow: () => peer.end() });
    const links = this.#replies.get(session) ?? new Map<string, OutgoingMessages>();
    this.#replies.set(session, links.set(replyTo, replies));
    return () => {
      if (links.get(replyTo) === replies) links.delete(replyTo);
    };
  }

  /** A request's credit comes back with its reply, so no more are at work than were granted. */
  #takeRequests(receiver: Receiver, peer: Peer): () => void {
    receiver.on("message", ({ message, delivery }: EventContext) => {
      delivery?.accept();
      void this.#reply(receiver.session, peer, message).finally(() => {
        if (receiver.is_open()) receiver.add_credit(1);
      });
    });
    receiver.add_credit(requestsAtOnce);
    return () => {};
  }

  async #reply(session: Session, peer: Peer, request: Message | undefined): Promise<void> {
    if (request === undefined) return;
    const { code, description, body } = await this.#answer(request, peer);
    const replies = this.#replies.get(session)?.get(request.reply_to ?? "");
    replies?.send({
      ...(request.message_id === undefined ? {} : { correlation_id: request.message_id }),
      application_properties: { "status-code": types.wrap_int(code), "status-description": description },
      body: body ?? null,
    });
  }

  async #answer(request: Message, peer: Peer): Promise<Answer> {
    try {
      return { code: 200, description: "OK", body: await this.#read(request.application_properties ?? {}) };
    } catch (err) {
      if (err instanceof LinkRefused) return { code: codes.get(err.condition) ?? 400, description: err.message };
      if (err instanceof HubError) return { code: errorTable[err.reason].http, description: err.message };
      peer.log.error({ err }, "a management request failed");
      return { code: 500, description: "The hub failed" };
    }
  }

  async #read(properties: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
    const { entity, log, authorize } = this.#options;
    const { operation, name, type, partition, security_token: token } = properties;
    if (token !== undefined && token !== null) authorize(typeof token === "string" ? token : "");
    if (operation !== "READ") throw new LinkRefused("amqp:not-implemented", "The operation is not supported");
    if (!isEntity(name, entity)) throw entityNotFound(typeof name === "string" ? name : "");
    if (type === "com.microsoft:eventhub") return await hubProperties(entity, log);
    if (type === "com.microsoft:partition") return await partitionProperties(entity, log, partitionIn(partition, log));
    throw new LinkRefused("amqp:not-implemented", "The type is not supported");
  }
}

/** What clients read out of a failed reply's code (spec/amqp 4). */
const codes: ReadonlyMap<string, number> = new Map([
  ["amqp:not-found", 404],
  ["amqp:not-implemented", 501],
]);

async function hubProperties(entity: string, log: PartitionLog): Promise<Record<string, unknown>> {
  const { createdMs } = await log.partitionInfo(0);
  const ids = Array.from({ length: log.partitions }, (_, id) => `${id}`);
  return {
    name: entity,
    type: "com.microsoft:eventhub",
    created_at: types.wrap_timestamp(createdMs),
    partition_count: types.wrap_int(log.partitions),
    partition_ids: wrapStrings(ids),
    georeplication_factor: types.wrap_int(1),
  };
}

async function partitionProperties(
  entity: string,
  log: PartitionLog,
  partition: number,
): Promise<Record<string, unknown>> {
  const { firstSequence, lastSequence, lastTimeMs, isEmpty } = await log.partitionInfo(partition);
  const last = clientSequence(lastSequence);
  return {
    name: entity,
    type: "com.microsoft:partition",
    partition: `${partition}`,
    begin_sequence_number: types.wrap_long(clientSequence(firstSequence)),
    last_enqueued_sequence_number: types.wrap_long(last),
    last_enqueued_offset: `${last}`,
    last_enqueued_time_utc: types.wrap_timestamp(lastTimeMs),
    is_partition_empty: isEmpty,
  };
}

const wrapStrings = (texts: readonly string[]): Typed => types.wrap_array(texts, str8, undefined);
