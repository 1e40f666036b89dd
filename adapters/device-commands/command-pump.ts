import type { Logger } from "pino";
import type { Commands, ReceivedCommand } from "../../core/cloud-to-device/commands.ts";
import type { Settlement } from "../../core/cloud-to-device/decide.ts";
import type { Protocol } from "../../core/connection/connection.ts";
import { HubError } from "../../core/hub-error.ts";
import type { Clock } from "../../core/ports.ts";

/** What pushes a device's messages to it. */
export type CommandPumpOptions = {
  readonly commands: Pick<Commands, "receive" | "settle" | "nextUnlock">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly deviceId: string;
  readonly connectionId: string;
  readonly protocol: Protocol;
  /** How many messages the device may be given now. */
  readonly room: () => number;
  /** Sends a message to the device. */
  readonly deliver: (message: ReceivedCommand) => void;
};

/** How long after a failure the queue is asked again, in milliseconds. */
const retryMs = 1_000;

/**
 * Pushes the messages of a device's queue over its connection, one after the other, for as long as there is room and
 * messages are free. It starts when it is told (`run`: a message came, or room was made) and by `sweep`, when the lock of a
 * message that the device never settled has run out.
 */
export class CommandPump {
  readonly #options: CommandPumpOptions;
  readonly #settling = new Set<Promise<unknown>>();
  #isRunning = false;
  #isAskedAgain = false;
  #isStopped = false;
  #retryAt = Number.POSITIVE_INFINITY;

  constructor(options: CommandPumpOptions) {
    this.#options = options;
  }

  /** Pushes what there is. */
  run(): void {
    this.#isAskedAgain = true;
    if (this.#isRunning || this.#isStopped) return;
    this.#isRunning = true;
    void this.#push();
  }

  /** Runs again if it is time for that. */
  sweep(now: number): void {
    if (now < this.#retryAt) return;
    this.#retryAt = Number.POSITIVE_INFINITY;
    this.run();
  }

  /** Settles a message as the device said. Resolves to the error when that failed, such as for a lock that ran out. */
  async settle(lockToken: string, settlement: Settlement): Promise<unknown> {
    const settled = this.#settle(lockToken, settlement);
    this.#settling.add(settled);
    try {
      return await settled;
    } finally {
      this.#settling.delete(settled);
    }
  }

  /** Pushes nothing more. Resolves once what the device settled is recorded. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#settling);
  }

  async #push(): Promise<void> {
    const { commands, deviceId, clock, log, room } = this.#options;
    try {
      while (this.#isAskedAgain && !this.#isStopped) {
        this.#isAskedAgain = false;
        while (room() > 0 && (await this.#pushOne()));
      }
      const unlock = commands.nextUnlock(deviceId);
      if (unlock !== undefined) this.#retryAt = Date.parse(unlock);
    } catch (err) {
      this.#retryAt = clock.now() + retryMs;
      log.warn({ err }, "cloud-to-device message not delivered");
    } finally {
      // Within the same turn as the last look, so that no call of `run` falls between.
      this.#isRunning = false;
    }
  }

  async #pushOne(): Promise<boolean> {
    const { commands, deviceId, connectionId, protocol, deliver } = this.#options;
    const message = await commands.receive({ deviceId, connectionId, protocol, ...this.#origin() });
    // The lock of a message that comes too late for the connection ends with the connection.
    if (message === undefined || this.#isStopped) return false;
    deliver(message);
    return true;
  }

  async #settle(lockToken: string, settlement: Settlement): Promise<unknown> {
    const { commands, deviceId, log } = this.#options;
    try {
      await commands.settle({ deviceId, lockToken, settlement, ...this.#origin() });
      return undefined;
    } catch (err) {
      const isLate = err instanceof HubError && err.reason === "DeviceMessageLockLost";
      if (isLate) log.debug({ err }, "cloud-to-device message settled too late");
      else log.warn({ err }, "cloud-to-device message not settled");
      return err;
    }
  }

  #origin() {
    const { deviceId, connectionId: correlationId } = this.#options;
    return { actor: { kind: "device", deviceId } as const, correlationId };
  }
}
