import type { DisconnectReason } from "../../core/connection/connection.ts";
import type { DeviceReply, LiveCall } from "../../core/method/live-call.ts";
import type { MethodListener } from "../../core/method/methods.ts";
import type { LiveService } from "../../core/ports.ts";
import { type DeviceAnswer, PendingCalls } from "../device-method/pending-calls.ts";
import type { Subscriptions } from "./subscriptions.ts";
import { methodRequestTopic } from "./topics.ts";

export type MethodCallsDeps = {
  readonly subscriptions: () => Subscriptions;
  /** Has the hub hand calls to this connection. */
  readonly listen: (deliver: MethodListener["deliver"]) => LiveService;
  /** Publishes with QoS 0; false when too much waits for the device to read it. */
  readonly publish: (topic: string, payload: string) => boolean;
};

/** The direct methods of one connection: calls go out on their topic, answers come back with the call's request id. */
export class MethodCalls {
  readonly #deps: MethodCallsDeps;
  readonly #pending = new PendingCalls();
  #service: LiveService | undefined;
  #lastId = 0;
  #closed = false;

  constructor(deps: MethodCallsDeps) {
    this.#deps = deps;
  }

  /**
   * Takes calls or takes none any more, as the subscriptions say: a device that is connected but has not subscribed is not
   * online for methods. Resolves once callers reach it.
   */
  async follow(): Promise<void> {
    if (!this.#deps.subscriptions().takesMethods || this.#closed) this.#stop();
    else {
      this.#service ??= this.#deps.listen((call, signal) => this.#deliver(call, signal));
      await this.#service.ready;
    }
  }

  /** Takes an answer of the device. */
  answered(answer: DeviceAnswer): void {
    this.#pending.answer(answer);
  }

  /** The connection is over. */
  close(reason: DisconnectReason): void {
    this.#closed = true;
    this.#stop();
    this.#pending.close(reason);
  }

  /** A short number is a request id that every SDK can read (spec/mqtt 9). */
  async #deliver({ methodName, payload }: LiveCall, signal: AbortSignal): Promise<DeviceReply> {
    if (this.#closed || !this.#deps.subscriptions().takesMethod(methodName)) return { kind: "notOnline" };
    this.#lastId += 1;
    const id = String(this.#lastId);
    // A null is written out: the Node SDK parses even an empty body as JSON (spec/twins-methods-jobs 10).
    if (!this.#deps.publish(methodRequestTopic(methodName, id), JSON.stringify(payload))) return { kind: "busy" };
    return await this.#pending.reply(id, signal);
  }

  #stop(): void {
    this.#service?.stop();
    this.#service = undefined;
  }
}
