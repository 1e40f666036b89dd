import { Events, type NatsConnection } from "nats";

/** What happened to a connection: it was lost, it is back, or it was closed for good. */
export type ConnectionState = "lost" | "restored" | "closed";

type Listener = (state: ConnectionState) => void;

const listenersOf = new WeakMap<NatsConnection, Set<Listener>>();

/**
 * Calls `listener` whenever the state of a connection changes. Returns the way to stop. nats.js keeps every iterator over its
 * events for as long as the connection lives, so each connection gets one, here, however many listen.
 */
export function onConnectionState(nc: NatsConnection, listener: Listener): () => void {
  const listeners = listenersOf.get(nc) ?? watch(nc);
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

function watch(nc: NatsConnection): Set<Listener> {
  const listeners = new Set<Listener>();
  listenersOf.set(nc, listeners);
  const tell = (state: ConnectionState): void => {
    for (const listener of listeners) listener(state);
  };
  void (async () => {
    for await (const { type } of nc.status()) {
      if (type === Events.Disconnect) tell("lost");
      else if (type === Events.Reconnect) tell("restored");
    }
  })();
  void nc.closed().then(() => tell("closed"));
  return listeners;
}
