/** Messages of one connection that may wait for their PUBACK. */
const maxUnacknowledged = 1_024;

/** The packet ids of what the hub publishes with QoS 1 on one connection: none is used again before its PUBACK. */
export class PacketIds {
  readonly #inUse = new Set<number>();
  #last = 0;

  /** A free id from 1 to 65,535, `wanted` if that is free, or undefined when too many wait for their PUBACK. */
  take(wanted?: number): number | undefined {
    if (this.#inUse.size >= maxUnacknowledged) return undefined;
    if (wanted !== undefined && !this.#inUse.has(wanted)) {
      this.#inUse.add(wanted);
      return wanted;
    }
    do this.#last = this.#last === 65_535 ? 1 : this.#last + 1;
    while (this.#inUse.has(this.#last));
    this.#inUse.add(this.#last);
    return this.#last;
  }

  /** Frees an id; one that is not in use is ignored, as a device may send its PUBACK twice. */
  release(packetId: number): void {
    this.#inUse.delete(packetId);
  }
}
