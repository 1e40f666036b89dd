import type { DisconnectReason } from "../../core/connection/connection.ts";
import type { Json } from "../../core/json.ts";
import type { DeviceReply } from "../../core/method/live-call.ts";
import { maxMethodPayloadBytes } from "../../core/method/method.ts";
import { parseJson } from "../http/json-text.ts";

/** A device's answer as it came, over whichever protocol: `status` is undefined when it had none. */
export type DeviceAnswer = {
  readonly id: string;
  readonly status: number | undefined;
  /** JSON text, or empty. */
  readonly payload: Uint8Array;
};

/** The method calls of one connection that wait for the device's answer, by the ids that the device knows them by. */
export class PendingCalls {
  readonly #waiting = new Map<string, (reply: DeviceReply) => void>();

  /** Waits for the answer to a call, until `signal`. Ids are used once. Never rejects. */
  async reply(id: string, signal: AbortSignal): Promise<DeviceReply> {
    const { promise, resolve } = Promise.withResolvers<DeviceReply>();
    this.#waiting.set(id, resolve);
    signal.addEventListener("abort", () => this.#settle(id, { kind: "timedOut" }), { once: true });
    return await promise;
  }

  /** Takes an answer. One that nobody waits for is ignored: IoT Hub's way with them is unconfirmed (spec/mqtt 9). */
  answer({ id, status, payload }: DeviceAnswer): void {
    if (!this.#waiting.has(id)) return;
    const json = jsonOf(payload);
    const isAnswer = status !== undefined && Number.isSafeInteger(status) && json !== undefined;
    this.#settle(id, isAnswer ? { kind: "answered", status, payload: json } : { kind: "malformed" });
  }

  /** The connection is over: nothing more will be answered. */
  close(reason: DisconnectReason): void {
    for (const id of this.#waiting.keys()) this.#settle(id, { kind: "closed", reason });
  }

  #settle(id: string, reply: DeviceReply): void {
    const resolve = this.#waiting.get(id);
    this.#waiting.delete(id);
    resolve?.(reply);
  }
}

/** An empty payload is null (spec/twins-methods-jobs 10); undefined is what is no JSON, or too much of it. */
function jsonOf(bytes: Uint8Array): Json | undefined {
  if (bytes.byteLength === 0) return null;
  if (bytes.byteLength > maxMethodPayloadBytes) return undefined;
  try {
    return parseJson(bytes);
  } catch {
    return undefined;
  }
}
