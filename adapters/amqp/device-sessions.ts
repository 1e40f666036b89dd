import type { Receiver, Sender } from "rhea";
import type { DevicePrincipal } from "../../core/access/access.ts";
import { unauthorized } from "../../core/access/sas-token.ts";
import type { DisconnectReason } from "../../core/connection/connection.ts";
import type { IdentityKey } from "../../core/events.ts";
import { DeviceSession, type DeviceSessionDeps } from "./device-session.ts";
import type { OpenLink } from "./link.ts";
import type { DeviceEndpoint } from "./link-address.ts";

/** A link that a device attaches. */
export type DeviceAttach = {
  readonly link: Sender | Receiver;
  readonly endpoint: DeviceEndpoint;
  /** Whose link it may be, the likeliest first. */
  readonly identities: readonly IdentityKey[];
};

/** The devices and modules of one AMQP connection: a gateway carries any number of them (spec/amqp 3). */
export class DeviceSessions {
  readonly #deps: Omit<DeviceSessionDeps, "onEnded">;
  readonly #sessions = new Map<string, DeviceSession>();
  readonly #ending = new Set<Promise<void>>();

  constructor(deps: Omit<DeviceSessionDeps, "onEnded">) {
    this.#deps = deps;
  }

  /** Takes a link. Throws HubError `IotHubUnauthorizedAccess` when no token of the connection covers its identity. */
  attach({ link, endpoint, identities }: DeviceAttach): OpenLink {
    const principal = this.#prove(identities);
    const session = this.#sessions.get(keyOf(principal)) ?? this.#begin(link, principal);
    const closed = session.attach(link, endpoint);
    return {
      authorize: () => {
        try {
          return this.#prove([session.identity]).validUntil;
        } catch (error) {
          session.end("TokenExpired");
          throw error;
        }
      },
      closed,
    };
  }

  /** Does what time has made due. */
  sweep(now: number): void {
    for (const session of this.#sessions.values()) session.sweep(now);
  }

  /** Ends all of them; resolves when the hub knows. */
  async end(reason: DisconnectReason): Promise<void> {
    const sessions = [...this.#sessions.values()];
    for (const session of sessions) session.end(reason);
    await Promise.all([...this.#ending, ...sessions.map((session) => session.settled())]);
  }

  #begin(link: Sender | Receiver, principal: DevicePrincipal): DeviceSession {
    const onEnded = (ended: DeviceSession): void => {
      if (this.#sessions.get(keyOf(ended.identity)) === ended) this.#sessions.delete(keyOf(ended.identity));
      queueMicrotask(() => this.#await(ended));
    };
    const modelId = textProperty(link, "com.microsoft:model-id");
    const clientType = textProperty(link, "com.microsoft:client-version");
    const texts = {
      ...(modelId === undefined ? {} : { modelId }),
      ...(clientType === undefined ? {} : { clientType }),
    };
    const session = new DeviceSession({ principal, ...texts }, { ...this.#deps, onEnded });
    this.#sessions.set(keyOf(principal), session);
    return session;
  }

  #await(session: DeviceSession): void {
    const settled = session.settled().finally(() => this.#ending.delete(settled));
    this.#ending.add(settled);
  }

  #prove(identities: readonly IdentityKey[]): DevicePrincipal {
    const { hub, peer } = this.#deps;
    let refusal: unknown = unauthorized("No token for the device was put on this connection");
    for (const { deviceId, moduleId } of identities) {
      const segments = moduleId === undefined ? ["devices", deviceId] : ["devices", deviceId, "modules", moduleId];
      const put = peer.tokens.find(segments);
      if (put === undefined) continue;
      try {
        return hub.deviceAccess.authenticate({ deviceId, ...(moduleId === undefined ? {} : { moduleId }), ...put });
      } catch (error) {
        refusal = error;
      }
    }
    throw refusal;
  }
}

/** No id holds a line feed. */
const keyOf = ({ deviceId, moduleId }: IdentityKey): string =>
  moduleId === undefined ? deviceId : `${deviceId}\n${moduleId}`;

const maxTextLength = 512;

/** What a client says of itself is kept in the journal, so its length is bounded. */
function textProperty(link: Sender | Receiver, name: string): string | undefined {
  const value: unknown = link.properties?.[name];
  return typeof value === "string" && value !== "" ? value.slice(0, maxTextLength) : undefined;
}
