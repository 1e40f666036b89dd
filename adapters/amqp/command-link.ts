import type { Sender } from "rhea";
import type { ReceivedCommand } from "../../core/cloud-to-device/commands.ts";
import type { Settlement } from "../../core/cloud-to-device/decide.ts";
import { lockTimeoutMs, maxPendingCommands } from "../../core/cloud-to-device/limits.ts";
import { CommandPump, type CommandPumpOptions } from "../device-commands/command-pump.ts";
import { deviceMessage } from "./c2d-message.ts";
import type { Peer } from "./link.ts";
import { LinkCredit } from "./link-credit.ts";
import { type Outcome, UnsettledDeliveries } from "./unsettled-deliveries.ts";

/** What a link of cloud-to-device messages is made of. */
export type CommandLinkOptions = Omit<CommandPumpOptions, "room" | "deliver"> & { readonly peer: Peer };

/** Whether the message may be delivered elsewhere says nothing here: a modified one is abandoned (unconfirmed). */
const settlements: Readonly<Record<Outcome, Settlement>> = {
  accepted: "complete",
  rejected: "reject",
  released: "abandon",
  modified: "abandon",
};

/**
 * The cloud-to-device messages of a device's link (spec/amqp 6). What a link leaves unsettled that is detached while the
 * connection goes on comes again when its lock has run out.
 */
export class CommandLink {
  readonly #options: CommandLinkOptions;
  readonly #credit: LinkCredit;
  readonly #unsettled: UnsettledDeliveries<string>;
  readonly #pump: CommandPump;
  #isOpen = false;

  constructor(sender: Sender, options: CommandLinkOptions) {
    this.#options = options;
    this.#credit = new LinkCredit(sender);
    this.#pump = new CommandPump({
      ...options,
      room: () => this.#room(),
      deliver: (message) => this.#deliver(message),
    });
    this.#unsettled = new UnsettledDeliveries(sender, (lockToken, outcome) => {
      const settled = this.#pump.settle(lockToken, settlements[outcome]);
      this.run();
      return settled;
    });
    sender.on("sendable", () => this.run());
  }

  /** Lets messages come. */
  open(): void {
    this.#isOpen = true;
    this.run();
  }

  /** Delivers what is free. */
  run(): void {
    if (this.#isOpen) this.#pump.run();
  }

  /** Looks for messages whose lock has run out. */
  sweep(now: number): void {
    this.#unsettled.expire(now);
    this.#pump.sweep(now);
  }

  /** The link is gone. Resolves once what the device settled is recorded. */
  async close(): Promise<void> {
    this.#isOpen = false;
    this.#unsettled.close();
    await this.#pump.stop();
  }

  #room(): number {
    const { peer } = this.#options;
    if (!this.#isOpen) return 0;
    if (peer.congested) {
      peer.whenWritable(() => this.run());
      return 0;
    }
    return Math.min(this.#credit.room, maxPendingCommands - this.#unsettled.size);
  }

  #deliver(message: ReceivedCommand): void {
    // What was under way when the link was detached, or its credit was taken back, waits until its lock has run out.
    if (this.#room() <= 0) return;
    const { lockToken } = message;
    const lockedUntil = this.#options.clock.now() + lockTimeoutMs;
    this.#unsettled.send(deviceMessage(message), lockToken, { item: lockToken, lockedUntil });
    this.#credit.used();
  }
}
