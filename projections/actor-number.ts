import type { Actor } from "../core/events.ts";
import type { ActorFilter } from "../core/ports.ts";
import { hashText } from "./hash-text.ts";

/*
 * What the history keeps of an actor: 0 for the device or module itself, as which most things are done. Of any other the lowest
 * two bits tell the kind, 28 more are a hash: a text for each event would be the longest part of its row.
 */

const kindNumbers = { policy: 0, device: 1, module: 2, hub: 3 } as const satisfies Record<ActorFilter["kind"], number>;
const kinds = 4;
const hashes = 0x10000000;

/** The device or module itself. */
export const itself = 0;

/** The bits of a kind, to be compared with `number & kindBits`. */
export const kindBits = kinds - 1;

/** The number of a kind of actor. */
export const kindNumber = (kind: ActorFilter["kind"]): number => kindNumbers[kind];

/** The number of an actor in the rows of a device, or of a module of it. Two actors may share it. */
export function actorNumber(actor: Actor, deviceId: string, moduleId: string | undefined): number {
  switch (actor.kind) {
    case "policy":
      return numberOf("policy", actor.policy);
    case "hub":
      return numberOf("hub", actor.nodeId);
    case "device":
      if (actor.deviceId === deviceId && actor.moduleId === moduleId) return itself;
      if (actor.moduleId === undefined) return numberOf("device", actor.deviceId);
      // No id holds a line feed, so the joined text is unambiguous.
      return numberOf("module", `${actor.deviceId}\n${actor.moduleId}`);
  }
}

/** Never `itself`. */
const numberOf = (kind: ActorFilter["kind"], name: string): number =>
  ((hashText(name) % (hashes - 1)) + 1) * kinds + kindNumbers[kind];
