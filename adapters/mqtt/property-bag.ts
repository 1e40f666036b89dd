import type { D2cSystemProperty, MessageProperties } from "../../core/device-to-cloud/message.ts";
import { percentDecode } from "./percent-encoding.ts";

/** Names in a bag that are system properties (spec/mqtt 6). */
const systemNames: ReadonlyMap<string, D2cSystemProperty> = new Map([
  ["$.mid", "message-id"],
  ["$.cid", "correlation-id"],
  ["$.uid", "user-id"],
  ["$.to", "to"],
  ["$.ct", "content-type"],
  ["$.ce", "content-encoding"],
  ["$.exp", "absolute-expiry-time"],
  ["$.ifid", "iothub-interface-id"],
  ["$.sub", "dt-subject"],
]);

/** Names in a bag that become application properties under another name (spec/mqtt 6). */
const applicationNames: ReadonlyMap<string, string> = new Map([
  ["$.ctime", "iothub-creation-time-utc"],
  ["$.schema", "iothub-message-schema"],
  ["$.on", "iothub-outputname"],
  ["$.diagid", "Diagnostic-Id"],
  ["$.diagctx", "Correlation-Context"],
]);

/**
 * Reads the property bag of a telemetry topic, the text after `events/` without its last slash (spec/mqtt 6):
 *
 *     bag = pair *( "&" pair )      pair = name [ "=" value ]      name, value: percent-encoded
 *
 * A name without a value counts as empty, since a property has no null; of a name that comes twice the first counts, as
 * in the user name (unconfirmed). Names that the hub stamps are taken as any other: application properties are kept
 * apart from the stamps, so they can't be mistaken for them (spec/messaging 1.2).
 */
export function parsePropertyBag(bag: string): MessageProperties {
  const system: Partial<Record<D2cSystemProperty, string>> = {};
  const application = new Map<string, string>();
  for (const pair of bag.split("&")) {
    const equals = pair.indexOf("=");
    const name = percentDecode(equals === -1 ? pair : pair.slice(0, equals));
    if (name === "") continue;
    const value = equals === -1 ? "" : percentDecode(pair.slice(equals + 1));
    const systemName = systemNames.get(name);
    if (systemName !== undefined) system[systemName] ??= value;
    else addFirst(application, applicationNames.get(name) ?? name, value);
  }
  return { system, application };
}

function addFirst(properties: Map<string, string>, name: string, value: string): void {
  if (!properties.has(name)) properties.set(name, value);
}

/** The same message properties with one application property more; it replaces the device's own of that name. */
export function withApplicationProperty(properties: MessageProperties, name: string, value: string): MessageProperties {
  return { system: properties.system, application: new Map(properties.application).set(name, value) };
}
