import type { Actor } from "../../core/events.ts";
import { decodePercent, percentEncoder } from "./percent-encoding.ts";

const encodePart = percentEncoder(" /:");

/** Writes an actor as the journal does: `policy:<name>`, `device:<id>`, `module:<device>/<module>`, `hub:<node>`. */
export function actorText(actor: Actor): string {
  switch (actor.kind) {
    case "policy":
      return `policy:${encodePart(actor.policy)}`;
    case "hub":
      return `hub:${encodePart(actor.nodeId)}`;
    case "device": {
      const { deviceId, moduleId } = actor;
      if (moduleId === undefined) return `device:${encodePart(deviceId)}`;
      return `module:${encodePart(deviceId)}/${encodePart(moduleId)}`;
    }
  }
}

/** Reads what `actorText` wrote; undefined for anything else. */
export function parseActor(text: string): Actor | undefined {
  const colon = text.indexOf(":");
  const kind = text.slice(0, colon);
  const rest = text.slice(colon + 1);
  if (kind === "device") return { kind: "device", deviceId: decodePercent(rest) };
  if (kind === "policy") return { kind: "policy", policy: decodePercent(rest) };
  if (kind === "hub") return { kind: "hub", nodeId: decodePercent(rest) };
  const slash = rest.indexOf("/");
  if (kind !== "module" || slash < 0) return undefined;
  return {
    kind: "device",
    deviceId: decodePercent(rest.slice(0, slash)),
    moduleId: decodePercent(rest.slice(slash + 1)),
  };
}

/** Makes a `parseActor` that remembers, for a replay: it forgets everything at 50,000 actors, which bounds the memory. */
export function createActorReader(): (text: string) => Actor | undefined {
  const known = new Map<string, Actor>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const actor = parseActor(text);
    if (known.size >= mostKnownActors) known.clear();
    if (actor !== undefined) known.set(text, actor);
    return actor;
  };
}

const mostKnownActors = 50_000;
