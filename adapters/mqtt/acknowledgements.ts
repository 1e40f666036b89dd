import { ProtocolViolation } from "./protocol-violation.ts";

const telemetryWaits = 0;
const otherWaits = 1;
const done = 2;
type Mark = typeof telemetryWaits | typeof otherWaits | typeof done;

/** MQTT has 65,535 packet ids, so a device that has more unacknowledged uses one twice ([MQTT-2.3.1-4]). */
const maxWaiting = 65_536;

/**
 * Sends the PUBACKs of one connection in the order in which the messages came ([MQTT-4.6.0-2]). Telemetry is stored in
 * that order too, so it needs no name for a message: each `telemetryStored` is the oldest one that waits. Anything else
 * published with QoS 1 finishes in its own time and names its slot. Packet id 0 stands for QoS 0: no PUBACK.
 */
export class Acknowledgements {
  readonly #puback: (packetId: number) => void;
  #ids = new Uint16Array(16);
  #marks = new Uint8Array(16);
  // Counters that only grow; a slot's place in the arrays is its number modulo their length, a power of two.
  #head = 0;
  #tail = 0;
  #nextTelemetry = 0;

  constructor(puback: (packetId: number) => void) {
    this.#puback = puback;
  }

  /** Notes a telemetry message that goes to the hub. Throws ProtocolViolation when too many wait. */
  addTelemetry(packetId: number): void {
    this.#add(packetId, telemetryWaits);
  }

  /** Notes another message; returns its slot. Throws as `addTelemetry`. */
  addOther(packetId: number): number {
    return this.#add(packetId, otherWaits);
  }

  /** The oldest telemetry message that waits is stored. */
  telemetryStored(): void {
    const mask = this.#ids.length - 1;
    let slot = Math.max(this.#nextTelemetry, this.#head);
    while (slot < this.#tail && this.#marks[slot & mask] !== telemetryWaits) slot += 1;
    this.#nextTelemetry = slot + 1;
    this.finish(slot);
  }

  /** The message of this slot is dealt with. */
  finish(slot: number): void {
    const mask = this.#ids.length - 1;
    this.#marks[slot & mask] = done;
    while (this.#head < this.#tail && this.#marks[this.#head & mask] === done) {
      const packetId = this.#ids[this.#head & mask] ?? 0;
      this.#head += 1;
      if (packetId !== 0) this.#puback(packetId);
    }
  }

  #add(packetId: number, mark: Mark): number {
    if (this.#tail - this.#head === this.#ids.length) this.#grow();
    const slot = this.#tail;
    const mask = this.#ids.length - 1;
    this.#ids[slot & mask] = packetId;
    this.#marks[slot & mask] = mark;
    this.#tail = slot + 1;
    return slot;
  }

  #grow(): void {
    const size = this.#ids.length;
    if (size >= maxWaiting) throw new ProtocolViolation("more messages unacknowledged than there are packet ids");
    const ids = new Uint16Array(size * 2);
    const marks = new Uint8Array(size * 2);
    for (let slot = this.#head; slot < this.#tail; slot += 1) {
      ids[slot & (size * 2 - 1)] = this.#ids[slot & (size - 1)] ?? 0;
      marks[slot & (size * 2 - 1)] = this.#marks[slot & (size - 1)] ?? done;
    }
    this.#ids = ids;
    this.#marks = marks;
  }
}
