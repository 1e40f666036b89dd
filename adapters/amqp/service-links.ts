import type { Receiver, Sender } from "rhea";
import type { ServicePrincipal } from "../../core/access/access.ts";
import { unauthorized } from "../../core/access/sas-token.ts";
import type { Hub } from "../../core/hub/hub.ts";
import type { Clock } from "../../core/ports.ts";
import { FeedbackLink } from "./feedback-link.ts";
import type { OpenLink, Peer } from "./link.ts";
import type { ServiceEndpoint } from "./link-address.ts";
import { LinkRefused } from "./link-refused.ts";
import { takeCommands } from "./service-commands.ts";

/** What the links of back ends are made of. */
export type ServiceLinksDeps = {
  readonly hub: Hub;
  readonly clock: Clock;
  readonly peer: Peer;
  /** The hub's name. */
  readonly containerId: string;
};

/** The links of back ends on one connection (spec/amqp 8). */
export class ServiceLinks {
  readonly #deps: ServiceLinksDeps;
  readonly #feedback = new Set<FeedbackLink>();

  constructor(deps: ServiceLinksDeps) {
    this.#deps = deps;
  }

  /** Takes a link. Throws HubError `IotHubUnauthorizedAccess`, and LinkRefused for an endpoint of the other direction. */
  attach(link: Sender | Receiver, endpoint: ServiceEndpoint, address: string): OpenLink {
    const { hub, peer } = this.#deps;
    const principal = authorizeService(hub, peer, address);
    const authorize = (): number => authorizeService(hub, peer, address).validUntil;
    if (endpoint === "commands" && link.is_receiver()) {
      const { connectionId: correlationId, log } = peer;
      takeCommands(link as Receiver, { commands: hub.commands, log, policy: principal.policy, correlationId });
      return { authorize, closed: () => {} };
    }
    if (endpoint === "feedback" && link.is_sender()) return { authorize, closed: this.#openFeedback(link as Sender) };
    throw new LinkRefused("amqp:not-implemented", `The endpoint '${address}' is not offered.`);
  }

  /** Does what time has made due. */
  sweep(now: number): void {
    for (const link of this.#feedback) link.sweep(now);
  }

  #openFeedback(sender: Sender): () => void {
    const { hub, clock, peer, containerId: hubName } = this.#deps;
    const link = new FeedbackLink(sender, { feedback: hub.feedback, clock, log: peer.log, hubName });
    this.#feedback.add(link);
    return () => {
      this.#feedback.delete(link);
      link.close();
    };
  }
}

/** Checks that a token on the connection covers a service address, and that its policy has ServiceConnect. Throws HubError. */
export function authorizeService(hub: Hub, { tokens }: Peer, address: string): ServicePrincipal {
  const path = address.replace(/^amqps?:\/\/[^/]*/i, "");
  const put = tokens.find(path.split("/").filter((segment) => segment !== ""));
  if (put === undefined) throw unauthorized("No token for the endpoint was put on this connection");
  return hub.serviceAccess.authorizeLink({ authorization: put.token, path }, "ServiceConnect");
}
