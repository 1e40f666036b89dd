import type { IdentityKey } from "../events.ts";
import type { JsonObject } from "../json.ts";
import type { DisconnectReason } from "./connection.ts";

/** A connection that this node holds, as its adapter offers it to the hub. */
export type LiveSession = {
  readonly connectionId: string;
  readonly key: IdentityKey;
  /** Ends the connection. The hub records the disconnect with this reason once the adapter reports the end. */
  close(reason: DisconnectReason): void;
  /** Tells the device of a change of its desired properties; `patch` lacks the version. */
  desiredChanged(patch: JsonObject, desiredVersion: number): void;
  /** Tells that a cloud-to-device message has come free for the device. */
  commandReady(): void;
};

/** The connections of this node. An identity has one at most. */
export type Sessions = {
  /** Registers a connection; the one it replaces, if any, is closed. */
  add(session: LiveSession): void;
  /** Forgets a connection, if it is still the identity's present one. */
  remove(session: LiveSession): void;
  get(key: IdentityKey): LiveSession | undefined;
  /** The device's own connection and those of its modules. */
  ofDevice(deviceId: string): readonly LiveSession[];
  all(): Iterable<LiveSession>;
  readonly size: number;
};

/** Makes the empty table of this node's connections. */
export function createSessions(): Sessions {
  const byDevice = new Map<string, Map<string, LiveSession>>();
  let size = 0;
  // A module id is never empty, so the empty text stands for the device itself.
  const slot = ({ moduleId }: IdentityKey): string => moduleId ?? "";
  const get = (key: IdentityKey): LiveSession | undefined => byDevice.get(key.deviceId)?.get(slot(key));

  return {
    add(session) {
      const replaced = get(session.key);
      const sessions = byDevice.get(session.key.deviceId) ?? new Map<string, LiveSession>();
      byDevice.set(session.key.deviceId, sessions.set(slot(session.key), session));
      if (replaced === undefined) size += 1;
      else replaced.close("ConnectionForcefullyClosedOnNewConnection");
    },
    remove(session) {
      if (get(session.key) !== session) return;
      const sessions = byDevice.get(session.key.deviceId);
      sessions?.delete(slot(session.key));
      if (sessions?.size === 0) byDevice.delete(session.key.deviceId);
      size -= 1;
    },
    get,
    ofDevice: (deviceId) => [...(byDevice.get(deviceId)?.values() ?? [])],
    *all() {
      for (const sessions of byDevice.values()) yield* sessions.values();
    },
    get size() {
      return size;
    },
  };
}
