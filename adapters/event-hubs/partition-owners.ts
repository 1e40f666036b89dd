import { LinkRefused } from "../amqp/link-refused.ts";

/** A receiver that is open. */
export type Reader = {
  /** What the client calls it, or `nil`. */
  readonly name: string;
  /** The owner level; undefined for a receiver that shares the partition. */
  readonly epoch: bigint | undefined;
  /** Ends it: another one takes over. */
  steal(error: LinkRefused): void;
};

const maxSharing = 5;

/**
 * The receivers of each partition and consumer group: one with an epoch, or up to five without (spec/amqp 9). It knows
 * those of this node alone: where several nodes serve one hub, receivers that are connected to different nodes do not
 * displace each other. Their clients' checkpoint store still settles who goes on, since both write to it.
 */
export class PartitionOwners {
  readonly #readers = new Map<string, Set<Reader>>();

  /** Lets a receiver in, and ends those that it displaces. Throws LinkRefused when it has to stay out. */
  enter(place: string, reader: Reader): void {
    const readers = this.#readers.get(place) ?? new Set();
    const owner = [...readers].find(({ epoch }) => epoch !== undefined);
    if (reader.epoch === undefined) requireShare(readers, owner);
    else displace(readers, owner, reader, reader.epoch);
    this.#readers.set(place, readers.add(reader));
  }

  /** Forgets a receiver that is gone. */
  leave(place: string, reader: Reader): void {
    const readers = this.#readers.get(place);
    readers?.delete(reader);
    if (readers?.size === 0) this.#readers.delete(place);
  }
}

/** The conditions are those that clients report of Event Hubs, which calls both refusals a stolen link. */
function requireShare(readers: ReadonlySet<Reader>, owner: Reader | undefined): void {
  if (owner !== undefined) {
    const text = `A receiver with epoch '${owner.epoch}' has this partition, so that one without an epoch is not allowed.`;
    throw new LinkRefused("amqp:link:stolen", `${text} Come with a higher epoch, or close the one that has it.`);
  }
  if (readers.size < maxSharing) return;
  const names = [...readers].map(({ name }) => name).join(", ");
  const rule = `Exceeded the maximum number of allowed receivers per partition in a consumer group which is ${maxSharing}.`;
  throw new LinkRefused("amqp:resource-limit-exceeded", `${rule} List of connected receivers - ${names}.`);
}

/** A receiver with the same epoch takes over as one with a higher does. */
function displace(readers: Set<Reader>, owner: Reader | undefined, { name }: Reader, epoch: bigint): void {
  if (owner?.epoch !== undefined && owner.epoch > epoch) {
    const exists = `Receiver '${owner.name}' with a higher epoch '${owner.epoch}' already exists.`;
    throw new LinkRefused("amqp:link:stolen", `${exists} Receiver '${name}' with epoch ${epoch} cannot be created.`);
  }
  const displaced = [...readers];
  readers.clear();
  for (const reader of displaced) {
    const its = reader.epoch === undefined ? "without an epoch" : `with epoch '${reader.epoch}'`;
    const taken = `New receiver '${name}' with epoch of '${epoch}' is created hence receiver '${reader.name}' ${its} is disconnected.`;
    reader.steal(new LinkRefused("amqp:link:stolen", taken));
  }
}
