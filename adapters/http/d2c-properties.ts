import type { D2cSystemProperty, MessageProperties } from "../../core/device-to-cloud/message.ts";

/**
 * The names under which HTTPS carries system properties, in lower case (spec/messaging 1.3). What else begins with
 * `iothub-` (`iothub-ack`, `iothub-operation`, `iothub-creationtimeutc` …) means nothing on telemetry and is left out.
 */
const systemNames: ReadonlyMap<string, D2cSystemProperty> = new Map([
  ["iothub-messageid", "message-id"],
  ["iothub-correlationid", "correlation-id"],
  ["iothub-userid", "user-id"],
  ["iothub-to", "to"],
  ["iothub-expiry", "absolute-expiry-time"],
  ["iothub-contenttype", "content-type"],
  ["iothub-contentencoding", "content-encoding"],
  ["iothub-interface-id", "iothub-interface-id"],
  ["dt-subject", "dt-subject"],
]);

const applicationPrefix = "iothub-app-";

/**
 * Sorts the headers of a message, or the properties of an entry in a batch, into system and application properties.
 * Names match in any case, but the name of an application property stays as the device spells it. The last of several
 * wins; what is neither is not part of the message.
 */
export function d2cProperties(pairs: Iterable<readonly [name: string, value: string]>): MessageProperties {
  const system: Partial<Record<D2cSystemProperty, string>> = {};
  const application = new Map<string, string>();
  for (const [name, value] of pairs) {
    const lower = name.toLowerCase();
    const known = systemNames.get(lower);
    if (known !== undefined) system[known] = value;
    else if (lower.startsWith(applicationPrefix) && lower.length > applicationPrefix.length) {
      application.set(name.slice(applicationPrefix.length), value);
    }
  }
  return { system, application };
}

/** The headers of a request as sent: names in the device's own case, values as the UTF-8 they most likely are. */
export function* headerPairs(rawHeaders: readonly string[]): Generator<readonly [string, string]> {
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    yield [rawHeaders[index] ?? "", headerText(rawHeaders[index + 1] ?? "")];
  }
}

/** Node reads header bytes as Latin-1; what is valid UTF-8 was meant as that. */
function headerText(value: string): string {
  if (!/[\u0080-\u00ff]/.test(value)) return value;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(value, "latin1"));
  } catch {
    return value;
  }
}
