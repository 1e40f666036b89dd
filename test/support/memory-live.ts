import type { IdentityKey } from "../../core/events.ts";
import type { LiveCall } from "../../core/method/live-call.ts";
import type { Live, LiveHandler, LiveWaits } from "../../core/ports.ts";

/** The connections of one node, without NATS between. Waits are noted, never waited. */
export type MemoryLive = Live & {
  readonly asked: { readonly key: IdentityKey; readonly call: LiveCall; readonly waits: LiveWaits }[];
};

/** Makes a hub's connections that nobody serves yet. */
export function memoryLive(): MemoryLive {
  const handlers = new Map<string, LiveHandler>();
  const asked: MemoryLive["asked"] = [];
  return {
    asked,
    async request(key, call, waits) {
      asked.push({ key, call, waits });
      const handler = handlers.get(JSON.stringify(key));
      return handler === undefined ? { kind: "notOnline" } : await handler(call, new AbortController().signal);
    },
    serve(key, handler) {
      handlers.set(JSON.stringify(key), handler);
      return { ready: Promise.resolve(), stop: () => void handlers.delete(JSON.stringify(key)) };
    },
  };
}
