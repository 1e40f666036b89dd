import type { Logger } from "pino";
import type { Receiver, Sender } from "rhea";
import type { DisconnectReason } from "../../core/connection/connection.ts";
import type { ConnectionFault } from "../../core/device-to-cloud/fault.ts";
import type { IdentityKey } from "../../core/events.ts";
import type { Hub } from "../../core/hub/hub.ts";
import type { Clock } from "../../core/ports.ts";
import { Cbs } from "./cbs.ts";
import { DeviceSessions } from "./device-sessions.ts";
import type { Attach, OpenLink, Peer } from "./link.ts";
import { addressOf, parseLinkAddress, textAddress } from "./link-address.ts";
import { LinkRefused } from "./link-refused.ts";
import type { Redirect } from "./redirect.ts";
import { authorizeService, ServiceLinks } from "./service-links.ts";

/** What takes the links of one connection. */
export type AttachmentsDeps = {
  readonly hub: Hub;
  readonly clock: Clock;
  readonly log: Logger;
  readonly peer: Peer;
  readonly lastActivity: () => number;
  /** The hub's name among AMQP containers. */
  readonly containerId: string;
  /** Takes the links of the built-in, Event Hubs-compatible endpoint. */
  readonly eventHubs: Attach;
  /** Sends who asks for that endpoint by its old name to the right address. */
  readonly redirect: Redirect;
  /** A device asked for a fault of its connection. */
  readonly onFault: (fault: ConnectionFault, identity: IdentityKey) => void;
  /** The client has proved who it is. */
  readonly onProved: () => void;
};

/** Gives each link that a client attaches to whom its address belongs (spec/amqp 5, 8, 9, 10). */
export class Attachments {
  readonly #deps: AttachmentsDeps;
  readonly #cbs: Cbs;
  readonly #devices: DeviceSessions;
  readonly #service: ServiceLinks;

  constructor(deps: AttachmentsDeps) {
    this.#deps = deps;
    this.#cbs = new Cbs(deps);
    this.#devices = new DeviceSessions(deps);
    this.#service = new ServiceLinks(deps);
  }

  /** Takes a link. Throws HubError or LinkRefused. */
  attach(link: Sender | Receiver): OpenLink {
    const { eventHubs, redirect, peer, hub } = this.#deps;
    echoAddresses(link);
    const address = addressOf(link);
    const role = link.is_receiver() ? "sender" : "receiver";
    const target = parseLinkAddress(address, role);
    switch (target.kind) {
      case "cbs":
        return this.#cbs.attach(link);
      case "device": {
        const { endpoint, identities } = target;
        if (!fits(endpoint, role)) throw notFound(address);
        return this.#devices.attach({ link, endpoint, identities });
      }
      case "service":
        return this.#service.attach(link, target.endpoint, address);
      case "events": {
        authorizeService(hub, peer, address);
        throw redirect(target.rest, peer.hostName);
      }
      case "unknown":
        return eventHubs(link, address, peer);
    }
  }

  /** Does what time has made due. */
  sweep(now: number): void {
    this.#devices.sweep(now);
    this.#service.sweep(now);
  }

  /** Ends the devices' sessions; resolves when the hub knows. */
  async end(reason: DisconnectReason): Promise<void> {
    await this.#devices.end(reason);
  }
}

/** Both ends' addresses are told back in the attach, as clients expect. */
function echoAddresses(link: Sender | Receiver): void {
  const [source, target] = [textAddress(link.source), textAddress(link.target)];
  const termini = link as Termini;
  termini.set_source(source === undefined ? {} : { address: source });
  termini.set_target(target === undefined ? {} : { address: target });
}

/** rhea takes a terminus without an address, which its types do not say. */
type Termini = Record<"set_source" | "set_target", (terminus: { readonly address?: string }) => void>;

/** Whether a client may have this end of a link: telemetry only goes in, commands and inputs only come out. */
function fits(endpoint: string, role: "sender" | "receiver"): boolean {
  if (endpoint === "telemetry") return role === "sender";
  if (endpoint === "commands" || endpoint === "inputs") return role === "receiver";
  return true;
}

const notFound = (address: string): LinkRefused =>
  new LinkRefused("amqp:not-found", `The endpoint '${address.slice(0, 256)}' does not exist.`);
