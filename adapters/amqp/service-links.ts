import type { Receiver, Sender } from "rhea";
import type { ServicePrincipal } from "../../core/access/access.ts";
import { unauthorized } from "../../core/access/sas-token.ts";
import type { FeedbackRecord } from "../../core/cloud-to-device/feedback.ts";
import { feedbackLockMs } from "../../core/cloud-to-device/limits.ts";
import { notificationLockMs } from "../../core/file-upload/limits.ts";
import type { FileNotification } from "../../core/file-upload/notification.ts";
import type { Hub } from "../../core/hub/hub.ts";
import type { Clock } from "../../core/ports.ts";
import type { OpenLink, Peer } from "./link.ts";
import type { ServiceEndpoint } from "./link-address.ts";
import { LinkRefused } from "./link-refused.ts";
import { RecordLink, type RecordSource } from "./record-link.ts";
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
  readonly #records = new Set<Pick<RecordLink<unknown>, "sweep">>();

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
    if (endpoint !== "commands" && link.is_sender()) return { authorize, closed: this.#tell(link as Sender, endpoint) };
    throw new LinkRefused("amqp:not-implemented", `The endpoint '${address}' is not offered.`);
  }

  /** Does what time has made due. */
  sweep(now: number): void {
    for (const link of this.#records) link.sweep(now);
  }

  #tell(sender: Sender, endpoint: Exclude<ServiceEndpoint, "commands">): () => void {
    const { hub } = this.#deps;
    switch (endpoint) {
      case "feedback":
        return this.#open(sender, feedbackOf(hub));
      case "fileNotifications":
        return this.#open(sender, fileNotificationsOf(hub));
    }
  }

  #open<Record>(sender: Sender, source: RecordSource<Record>): () => void {
    const { clock, peer, containerId: hubName } = this.#deps;
    const link = new RecordLink(sender, { source, clock, log: peer.log, hubName });
    this.#records.add(link);
    return () => {
      this.#records.delete(link);
      link.close();
    };
  }
}

const feedbackOf = ({ feedback }: Hub): RecordSource<FeedbackRecord> => ({
  queue: feedback,
  contentType: "application/vnd.microsoft.iothub.feedback.json",
  bodyOf: (records) => records,
  lockMs: feedbackLockMs,
});

/** A batch of these holds one. */
const fileNotificationsOf = ({ fileNotifications }: Hub): RecordSource<FileNotification> => ({
  queue: fileNotifications,
  contentType: "application/vnd.microsoft.iothub.filenotification.json",
  bodyOf: ([notification]) => notification,
  lockMs: notificationLockMs,
});

/** Checks that a token on the connection covers a service address, and that its policy has ServiceConnect. Throws HubError. */
export function authorizeService(hub: Hub, { tokens }: Peer, address: string): ServicePrincipal {
  const path = address.replace(/^amqps?:\/\/[^/]*/i, "");
  const put = tokens.find(path.split("/").filter((segment) => segment !== ""));
  if (put === undefined) throw unauthorized("No token for the endpoint was put on this connection");
  return hub.serviceAccess.authorizeLink({ authorization: put.token, path }, "ServiceConnect");
}
