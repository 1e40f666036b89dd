import type { Logger } from "pino";
import type { Commands, ReceivedCommand } from "../../core/cloud-to-device/commands.ts";
import { lockTimeoutMs } from "../../core/cloud-to-device/limits.ts";
import type { Subscription } from "../../core/connection/connection.ts";
import type { Clock } from "../../core/ports.ts";
import { CommandPump } from "../device-commands/command-pump.ts";
import { commandTopic } from "./command-topic.ts";
import { publish } from "./control-packets.ts";
import type { PacketIds } from "./packet-ids.ts";

export type CommandDeliveriesDeps = {
  readonly commands: Commands;
  readonly clock: Clock;
  readonly log: Logger;
  readonly deviceId: string;
  readonly connectionId: string;
  readonly protocol: "mqtt" | "mqtt-ws";
  /** The QoS that the device gets messages with; undefined while it has not subscribed to them. */
  readonly qos: () => Subscription["qos"] | undefined;
  readonly packetIds: PacketIds;
  /** Whether so much waits for the device to read that it should be sent no more now. */
  readonly isCongested: () => boolean;
  readonly write: (packet: Buffer) => void;
};

type Unacknowledged = { readonly sequenceNumber: number; readonly lockToken: string; readonly lockedUntil: number };

/** Messages that the device may have without having acknowledged them. */
const window = 16;

/**
 * The cloud-to-device messages of one connection: a PUBLISH each, completed by its PUBACK (spec/mqtt 7). Neither rejecting
 * nor abandoning is possible over MQTT.
 */
export class CommandDeliveries {
  readonly #deps: CommandDeliveriesDeps;
  readonly #pump: CommandPump;
  readonly #unacknowledged = new Map<number, Unacknowledged>();
  #wasCongested = false;

  constructor(deps: CommandDeliveriesDeps) {
    this.#deps = deps;
    this.#pump = new CommandPump({
      ...deps,
      room: () => this.#room(),
      deliver: (message) => this.#deliver(message),
    });
  }

  /** Delivers what is free, if the device has subscribed. */
  run(): void {
    if (this.#deps.qos() !== undefined) this.#pump.run();
  }

  /** Looks for messages whose lock has run out, and whether a device that read slowly has caught up. */
  sweep(now: number): void {
    if (this.#wasCongested) this.run();
    this.#pump.sweep(now);
  }

  /** Completes a message by its PUBACK; the packet ids of others mean nothing here. */
  acknowledged(packetId: number): void {
    const found = this.#unacknowledged.get(packetId);
    if (found === undefined) return;
    this.#unacknowledged.delete(packetId);
    void this.#pump.settle(found.lockToken, "complete");
    this.#pump.run();
  }

  /** Delivers no more; resolves once what was acknowledged is completed. */
  async stop(): Promise<void> {
    await this.#pump.stop();
  }

  #room(): number {
    const { qos, isCongested, clock } = this.#deps;
    this.#wasCongested = isCongested();
    if (this.#wasCongested || qos() === undefined) return 0;
    const now = clock.now();
    let used = 0;
    for (const { lockedUntil } of this.#unacknowledged.values()) if (lockedUntil > now) used += 1;
    return window - used;
  }

  #deliver(message: ReceivedCommand): void {
    const { deviceId, log, write } = this.#deps;
    const qos = this.#deps.qos();
    // What was under way when the device unsubscribed waits until its lock has run out ([MQTT-3.10.4-2]).
    if (qos === undefined) return;
    const topic = commandTopic(deviceId, message);
    if (topic === undefined) {
      // It can't be delivered over this protocol, whenever it is tried.
      log.warn({ messageId: message.messageId }, "cloud-to-device message rejected: its properties exceed a topic");
      void this.#pump.settle(message.lockToken, "reject");
      return;
    }
    const payload = Buffer.from(message.body, "base64");
    if (qos === 0) {
      write(publish({ topic, payload, packetId: undefined }));
      // Nobody will acknowledge it, so sending it has to do (unconfirmed, spec/mqtt 7).
      void this.#pump.settle(message.lockToken, "complete");
      return;
    }
    const packetId = this.#packetIdOf(message);
    if (packetId === undefined) return;
    write(publish({ topic, payload, packetId, dup: message.redelivered }));
  }

  /**
   * The packet id of a message follows from its number in the queue, so that what is sent again has the id that it had,
   * also after a reconnect ([MQTT-4.4.0-1]); unless something else has it now. Undefined when too many wait for a PUBACK:
   * the message stays locked for its minute.
   */
  #packetIdOf({ sequenceNumber, lockToken }: ReceivedCommand): number | undefined {
    const { packetIds, clock } = this.#deps;
    const isSame = (entry: [number, Unacknowledged]): boolean => entry[1].sequenceNumber === sequenceNumber;
    const wanted = ((sequenceNumber - 1) % 65_535) + 1;
    const packetId = [...this.#unacknowledged].find(isSame)?.[0] ?? packetIds.take(wanted);
    if (packetId === undefined) return undefined;
    this.#unacknowledged.set(packetId, { sequenceNumber, lockToken, lockedUntil: clock.now() + lockTimeoutMs });
    return packetId;
  }
}
