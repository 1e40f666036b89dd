import rhea, { type Sender } from "rhea";
import type { Hub } from "../../core/hub/hub.ts";
import { HubError } from "../../core/hub-error.ts";
import type { Clock } from "../../core/ports.ts";
import type { Attach, OpenLink, Peer } from "../amqp/link.ts";
import { LinkRefused } from "../amqp/link-refused.ts";
import type { PartitionLog } from "../nats/partition-log.ts";
import { parseEntityAddress } from "./entity-address.ts";
import { EventEncoder } from "./event-encoder.ts";
import { Management } from "./management.ts";
import { PartitionOwners, type Reader } from "./partition-owners.ts";
import { PartitionReceiver } from "./partition-receiver.ts";
import { defaultPosition, parseSelector, selectorCode, selectorIn, selectorName } from "./receiver-filter.ts";
import { entityNotFound, partitionIn } from "./refusals.ts";
import { runtimeMetricCapability } from "./runtime-metric.ts";

/** What the endpoint is made of. */
export type EventHubsOptions = {
  readonly hub: Pick<Hub, "eventsAccess">;
  /** The Event Hubs-compatible name, which is the hub's own. */
  readonly entity: string;
  readonly log: PartitionLog;
  readonly clock: Clock;
  /** Whether a consumer group exists, its name in any case. */
  readonly groupExists: (name: string) => boolean;
};

/** The built-in, Event Hubs-compatible endpoint. */
export type EventHubsEndpoint = {
  /** Takes the links to `$management` and to the entity. */
  readonly attach: Attach;
  /** Detaches all receivers and resolves once nothing more is read. */
  close(): Promise<void>;
};

/** Opens the endpoint (spec/amqp 9, spec/messaging 3). */
export function createEventHubsEndpoint(options: EventHubsOptions): EventHubsEndpoint {
  const { hub, entity, log } = options;
  const endpoint = new Endpoint(options);
  const authorize = (token: string): void => void hub.eventsAccess.authorizeReader(token, encodeURIComponent(entity));
  const management = new Management({ entity, log, authorize });
  return {
    attach: (link, address, peer) => {
      const named = parseEntityAddress(address, entity);
      switch (named.kind) {
        case "management": {
          const right = authorizer(options, peer, ["$management"]);
          right();
          return { authorize: right, closed: management.attach(link, peer) };
        }
        case "partition":
          if (link.is_receiver()) throw receiveOnly();
          return endpoint.openReceiver(link as Sender, address, named, peer);
        case "entity":
          // Whoever sends here takes this for an event hub of their own.
          if (link.is_receiver()) throw receiveOnly();
          throw entityNotFound(address);
        case "unknown":
          throw entityNotFound(address);
      }
    },
    close: () => endpoint.close(),
  };
}

const receiveOnly = (): LinkRefused =>
  new LinkRefused("amqp:not-allowed", "Events come from devices: this endpoint is to be read");

/** The names under which clients know the entity, and sign for it (spec/amqp 9, 10). */
const builtIn = ["messages", "events"];

/**
 * Makes the check of a link's right, against the tokens that the connection has when it is called. `rest` is what follows the
 * entity in the link's address.
 */
function authorizer({ hub, entity }: EventHubsOptions, peer: Peer, rest: readonly string[]): () => number {
  const check = (root: readonly string[]): number => {
    const segments = [...root, ...rest];
    const put = peer.tokens.find(segments);
    if (put === undefined) throw new HubError("IotHubUnauthorizedAccess", "No token covers this address");
    return hub.eventsAccess.authorizeReader(put.token, segments.map(encodeURIComponent).join("/")).validUntil;
  };
  return () => {
    try {
      return check([entity]);
    } catch (error) {
      if (!(error instanceof HubError)) throw error;
      return check(builtIn);
    }
  };
}

type Place = { readonly group: string; readonly partition: string };

const unnamed = "nil";
const maxNameLength = 256;

class Endpoint {
  readonly #options: EventHubsOptions;
  readonly #owners = new PartitionOwners();
  readonly #encoder = new EventEncoder();
  readonly #open = new Map<PartitionReceiver, Sender>();
  #isClosed = false;

  constructor(options: EventHubsOptions) {
    this.#options = options;
  }

  openReceiver(sender: Sender, address: string, { group, partition: id }: Place, peer: Peer): OpenLink {
    const { log, clock } = this.#options;
    if (this.#isClosed) throw stopping();
    const authorize = authorizer(this.#options, peer, ["ConsumerGroups", group, "Partitions", id]);
    authorize();
    const requireStanding = () => this.#requireGroup(group);
    requireStanding();
    const partition = partitionIn(id, log);
    const selector = selectorIn(sender.source.filter);
    const position = selector === undefined ? defaultPosition : parseSelector(selector);
    const place = `${group.toLowerCase()}/${partition}`;
    const reader = readerOf(sender, () => receiver.stop());
    const receiver = new PartitionReceiver({
      sender,
      peer,
      log,
      clock,
      encoder: this.#encoder,
      partition,
      position,
      withMetric: isAsked(sender, runtimeMetricCapability),
      settled: !settlesItself(sender),
      requireStanding,
    });
    this.#owners.enter(place, reader);
    answerSource(sender, address, selector);
    this.#open.set(receiver, sender);
    void receiver.run().finally(() => this.#open.delete(receiver));
    return {
      authorize,
      closed: () => {
        receiver.stop();
        this.#owners.leave(place, reader);
      },
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const open = [...this.#open];
    const { condition, message: description } = stopping();
    for (const [receiver, sender] of open) {
      receiver.stop();
      sender.close({ condition, description });
    }
    await Promise.all(open.map(([receiver]) => receiver.ended));
  }

  #requireGroup(group: string): void {
    const { entity, groupExists } = this.#options;
    if (!groupExists(group)) throw entityNotFound(`${entity}/ConsumerGroups/${group}`);
  }
}

/** Clients come again after this one, to another node or to the hub's next start. */
const stopping = (): LinkRefused => new LinkRefused("amqp:link:detach-forced", "The hub is stopping");

/**
 * Whether the client asks for `snd-settle-mode` unsettled (AMQP 1.0 part 2, section 2.8.2). One that leaves it open gets
 * settled events, which halves the traffic, and so does one that would want each of its settlements answered.
 */
const settlesItself = ({ snd_settle_mode: send, rcv_settle_mode: receive }: Sender): boolean =>
  send === 0 && receive !== 1;

/** The answer tells the filter that is at work (AMQP 1.0 part 3, section 3.5.3). */
function answerSource(sender: Sender, address: string, selector: string | undefined): void {
  if (selector === undefined) return;
  sender.set_source({ address, filter: { [selectorName]: rhea.types.wrap_described(selector, selectorCode) } });
}

function readerOf(sender: Sender, stop: () => void): Reader {
  return {
    name: readerName(sender),
    epoch: epochOf(sender),
    steal: ({ condition, message }) => {
      stop();
      sender.close({ condition, description: message });
    },
  };
}

function readerName({ properties }: Sender): string {
  const name: unknown = properties?.["com.microsoft:receiver-name"];
  return typeof name === "string" && name !== "" ? name.slice(0, maxNameLength) : unnamed;
}

/** The owner level: a long, which rhea gives as eight bytes when it is more than a double holds. */
function epochOf({ properties }: Sender): bigint | undefined {
  const epoch: unknown = properties?.["com.microsoft:epoch"];
  if (epoch === undefined || epoch === null) return undefined;
  if (typeof epoch === "number" && Number.isSafeInteger(epoch) && epoch >= 0) return BigInt(epoch);
  if (Buffer.isBuffer(epoch) && epoch.length === 8 && epoch.readBigInt64BE() >= 0n) return epoch.readBigInt64BE();
  throw new LinkRefused("amqp:invalid-field", "The epoch must be a long from 0 on");
}

function isAsked({ desired_capabilities: asked }: Sender, capability: string): boolean {
  return Array.isArray(asked) ? asked.includes(capability) : asked === capability;
}
