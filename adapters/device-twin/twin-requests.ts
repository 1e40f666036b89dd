import { isUtf8 } from "node:buffer";
import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import type { IdentityKey } from "../../core/events.ts";
import { HubError } from "../../core/hub-error.ts";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import type { Clock } from "../../core/ports.ts";
import { deviceProperties } from "../../core/twin/document.ts";
import type { Twins } from "../../core/twin/twins.ts";
import { twinErrorAnswer } from "./twin-error.ts";

/** What a device is answered: a status as HTTP has it, the new `$version` of patched properties, a body that is JSON or empty. */
export type TwinAnswer = { readonly status: number; readonly version?: number; readonly body: string };

/** A request as it came, over whichever protocol; `answer` is called once. */
export type TwinRequest = {
  readonly kind: "twinGet" | "twinPatchReported";
  readonly payload: Buffer;
  readonly answer: (answer: TwinAnswer) => void;
};

export type TwinRequestsDeps = {
  readonly twins: Twins;
  readonly clock: Clock;
  readonly log: Logger;
  readonly key: IdentityKey;
  readonly connectionId: string;
};

/**
 * Answers the twin requests of one connection, one after the other in the order they came: reported patches apply in that
 * order, and a get shows the patches before it. A get is read and answered in one go, so its answer is never older than
 * a change of desired properties that was told before it.
 */
export class TwinRequests {
  readonly #deps: TwinRequestsDeps;
  #last: Promise<void> = Promise.resolve();

  constructor(deps: TwinRequestsDeps) {
    this.#deps = deps;
  }

  /** Takes a request. It is carried out even if the connection ends meanwhile: the device has sent it. */
  add(request: TwinRequest): void {
    this.#last = this.#last.then(async () => {
      try {
        await this.#carryOut(request);
      } catch (error) {
        request.answer(this.#errorAnswer(error));
      }
    });
  }

  /** Resolves when all requests so far are answered; never rejects. */
  async settled(): Promise<void> {
    await this.#last;
  }

  async #carryOut({ kind, payload, answer }: TwinRequest): Promise<void> {
    const { twins, key, connectionId } = this.#deps;
    switch (kind) {
      case "twinGet":
        // The body means nothing: the docs leave it empty, the Node SDK sends a space.
        return answer({ status: 200, body: JSON.stringify(deviceProperties(twins.getProperties(key))) });
      case "twinPatchReported": {
        const reported = parsePatch(payload);
        const actor = { kind: "device", ...key } as const;
        const version = await twins.patchReported({ ...key, reported, actor, correlationId: connectionId });
        return answer({ status: 204, version, body: "" });
      }
    }
  }

  #errorAnswer(err: unknown): TwinAnswer {
    const { log, clock } = this.#deps;
    const trackingId = randomUUID();
    if (!(err instanceof HubError)) log.error({ err, trackingId }, "twin request failed");
    return twinErrorAnswer(err, { trackingId, timestampUtc: clock.isoTime(clock.now()) });
  }
}

function parsePatch(payload: Buffer): JsonObject {
  const patch = isUtf8(payload) ? parseJson(payload.toString("utf8")) : undefined;
  if (!isJsonObject(patch)) throw new HubError("ArgumentInvalid", "The reported properties are not a JSON object.");
  return patch;
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
