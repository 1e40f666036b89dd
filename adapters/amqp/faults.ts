import type { Receiver, Sender } from "rhea";
import type { ConnectionFault, ConnectionOperation } from "../../core/device-to-cloud/fault.ts";
import type { IdentityKey } from "../../core/events.ts";
import { addressOf, type DeviceEndpoint, parseLinkAddress } from "./link-address.ts";

/** A fault that a device asked for, and when it is due, in milliseconds since 1970. */
export type DueFault = { readonly fault: ConnectionFault; readonly identity: IdentityKey; readonly at: number };

/** Faults of one connection that may wait to be due; the oldest are forgotten. */
const maxWaiting = 16;

/** The faults of one connection that are not due yet. */
export class InjectedFaults {
  #waiting: readonly DueFault[] = [];

  note(due: DueFault): void {
    this.#waiting = [...this.#waiting, due].slice(-maxWaiting);
  }

  /** Those that are due; they are forgotten with this call. */
  take(now: number): readonly DueFault[] {
    if (this.#waiting.length === 0) return this.#waiting;
    const due = this.#waiting.filter(({ at }) => now >= at);
    this.#waiting = this.#waiting.filter(({ at }) => now < at);
    return due;
  }
}

/** Which links an operation detaches: those of one endpoint, on the client's side a sender or a receiver. */
type Struck = { readonly endpoint: DeviceEndpoint | "cbs"; readonly role: "sender" | "receiver" };

/** In the names a request goes to whom it asks: to the hub for twins and tokens, to the device for methods (spec/amqp 11). */
const struck: ReadonlyMap<ConnectionOperation, Struck> = new Map([
  ["KillAmqpCBSLinkReq", { endpoint: "cbs", role: "sender" }],
  ["KillAmqpCBSLinkResp", { endpoint: "cbs", role: "receiver" }],
  ["KillAmqpD2CLink", { endpoint: "telemetry", role: "sender" }],
  ["KillAmqpC2DLink", { endpoint: "commands", role: "receiver" }],
  ["KillAmqpTwinLinkReq", { endpoint: "twin", role: "sender" }],
  ["KillAmqpTwinLinkResp", { endpoint: "twin", role: "receiver" }],
  ["KillAmqpMethodReqLink", { endpoint: "methods", role: "receiver" }],
  ["KillAmqpMethodRespLink", { endpoint: "methods", role: "sender" }],
]);

/** Whether a fault detaches this link: it is the identity's own, or the connection's `$cbs`, and of the fault's kind. */
export function strikes({ fault, identity }: DueFault, link: Sender | Receiver): boolean {
  const kind = struck.get(fault.operation);
  const role = link.is_receiver() ? "sender" : "receiver";
  if (kind === undefined || kind.role !== role) return false;
  const target = parseLinkAddress(addressOf(link), role);
  if (target.kind === "cbs") return kind.endpoint === "cbs";
  return target.kind === "device" && target.endpoint === kind.endpoint && isOf(target.identities, identity);
}

/** Whether a link belongs to the identity. */
export function isLinkOf(identity: IdentityKey, link: Sender | Receiver): boolean {
  const target = parseLinkAddress(addressOf(link), link.is_receiver() ? "sender" : "receiver");
  return target.kind === "device" && isOf(target.identities, identity);
}

const isOf = (identities: readonly IdentityKey[], { deviceId, moduleId }: IdentityKey): boolean =>
  identities.some((identity) => identity.deviceId === deviceId && identity.moduleId === moduleId);
