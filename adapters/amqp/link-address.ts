import type { Receiver, Sender } from "rhea";
import { decodedOr } from "../../core/access/audience.ts";
import type { IdentityKey } from "../../core/events.ts";

/** What a device or module has links for (spec/amqp 5). */
export type DeviceEndpoint = "telemetry" | "commands" | "methods" | "twin" | "inputs";

/** What a back end has links for (spec/amqp 8). */
export type ServiceEndpoint = "commands" | "feedback" | "fileNotifications";

/** What a link's address names. */
export type LinkAddress =
  | { readonly kind: "cbs" }
  | {
      readonly kind: "device";
      readonly endpoint: DeviceEndpoint;
      /** Whose it may be, the likeliest first: clients differ in whether they encode ids in addresses. */
      readonly identities: readonly IdentityKey[];
    }
  | { readonly kind: "service"; readonly endpoint: ServiceEndpoint }
  /** The built-in endpoint under its old name; `rest` is what follows `/messages/events/`. */
  | { readonly kind: "events"; readonly rest: string }
  | { readonly kind: "unknown" };

const maxLength = 1_024;

/** The address that a client means by a link: its target's where the client sends, else its source's; empty for none. */
export const addressOf = (link: Sender | Receiver): string =>
  textAddress(link.is_receiver() ? link.target : link.source) ?? "";

/** The address of one end of a link, when it is a text. */
export function textAddress(terminus: unknown): string | undefined {
  if (typeof terminus !== "object" || terminus === null || !("address" in terminus)) return undefined;
  return typeof terminus.address === "string" ? terminus.address : undefined;
}

/**
 * Reads a link's address: a path, or a whole URI `amqps://host/path`. Keywords count in any case, ids as they are
 * (spec/amqp 5, 8, 10). `role` is the client's: an input of a module has the address of its telemetry.
 */
export function parseLinkAddress(address: string, role: "sender" | "receiver"): LinkAddress {
  if (address.length > maxLength) return { kind: "unknown" };
  if (address.toLowerCase() === "$cbs") return { kind: "cbs" };
  const path = address.replace(/^amqps?:\/\/[^/]*/i, "");
  if (!path.startsWith("/")) return { kind: "unknown" };
  const segments = path.slice(1).split("/");
  // The old Node SDK ends its twin address with a slash.
  if (segments.at(-1) === "") segments.pop();
  const [first = "", ...rest] = segments;
  if (isWord(first, "devices")) return deviceAddress(rest, role);
  if (isWord(first, "messages")) return messagesAddress(rest);
  return { kind: "unknown" };
}

function deviceAddress([deviceId = "", ...rest]: readonly string[], role: "sender" | "receiver"): LinkAddress {
  const isModule = isWord(rest[0] ?? "", "modules");
  const moduleId = isModule ? rest[1] : undefined;
  const endpoint = endpointOf(isModule ? rest.slice(2) : rest);
  if (deviceId === "" || moduleId === "" || endpoint === undefined) return { kind: "unknown" };
  if (isModule && moduleId === undefined) return { kind: "unknown" };
  const identities = readings(deviceId, moduleId);
  if (endpoint !== "telemetry" || role === "sender") return { kind: "device", endpoint, identities };
  return isModule ? { kind: "device", endpoint: "inputs", identities } : { kind: "unknown" };
}

function endpointOf(segments: readonly string[]): DeviceEndpoint | undefined {
  switch (segments.join("/").toLowerCase()) {
    case "messages/events":
      return "telemetry";
    case "messages/devicebound":
      return "commands";
    case "methods/devicebound":
      return "methods";
    case "twin":
      return "twin";
    default:
      return undefined;
  }
}

function messagesAddress(segments: readonly string[]): LinkAddress {
  if (isWord(segments[0] ?? "", "events")) return { kind: "events", rest: segments.slice(1).join("/") };
  switch (segments.join("/").toLowerCase()) {
    case "devicebound":
      return { kind: "service", endpoint: "commands" };
    case "servicebound/feedback":
      return { kind: "service", endpoint: "feedback" };
    case "servicebound/filenotifications":
    case "servicebound/fileuploadnotifications":
      return { kind: "service", endpoint: "fileNotifications" };
    default:
      return { kind: "unknown" };
  }
}

/** The exact ids, then the decoded ones where those differ. */
function readings(deviceId: string, moduleId: string | undefined): readonly IdentityKey[] {
  const exact = moduleId === undefined ? { deviceId } : { deviceId, moduleId };
  const [device, module] = [decodedOr(deviceId), moduleId === undefined ? undefined : decodedOr(moduleId)];
  if (device === deviceId && module === moduleId) return [exact];
  return [exact, module === undefined ? { deviceId: device } : { deviceId: device, moduleId: module }];
}

const isWord = (segment: string, word: string): boolean => segment.toLowerCase() === word;
