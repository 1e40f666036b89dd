import { percentDecode } from "./percent-encoding.ts";

/** What the user name of a CONNECT tells. Ids are as sent, compared case-sensitively; texts are percent-decoded. */
export type Username = {
  readonly hostName: string;
  readonly deviceId: string;
  readonly moduleId?: string;
  readonly modelId?: string;
  readonly clientType?: string;
};

/** Client code allows 256 for the host and 128 for each id (spec/mqtt 4); the rest is for the property list. */
const maxLength = 4_096;

/** The property list of the old form has no `?`; it is told from a module id by the name that every list holds. */
const oldPropertyList = /(?:^|&)api-version=/;

// The texts become headers and log fields: line ends and their kin have no business there.
const controlCharacter = /\p{Cc}/u;

/**
 * Reads a user name (spec/mqtt 2); undefined when it has not this form:
 *
 *     user-name = host "/" device-id [ "/" module-id ] [ "/" [ "?" ] properties ]
 *     properties = name "=" value *( "&" name "=" value )
 *
 * A `?` is a mark only as the first character of the last segment, since device ids may contain it. Without a property
 * list or `api-version` the user name is taken as the oldest form (the cloud's answer to it is documented as unspecified).
 */
export function parseUsername(text: string): Username | undefined {
  if (text.length > maxLength) return undefined;
  const segments = text.split("/");
  const list = takePropertyList(segments);
  const [hostName, deviceId, moduleId] = segments;
  if (hostName === undefined || deviceId === undefined || segments.length > 3) return undefined;
  if (hostName === "" || deviceId === "" || moduleId === "") return undefined;

  const properties = parseProperties(list);
  const modelId = properties.get("model-id");
  const clientType = properties.get("DeviceClientType");
  if (controlCharacter.test(text) || controlCharacter.test(`${modelId}${clientType}`)) return undefined;
  return {
    hostName,
    deviceId,
    ...(moduleId === undefined ? {} : { moduleId }),
    ...(modelId === undefined || modelId === "" ? {} : { modelId }),
    ...(clientType === undefined || clientType === "" ? {} : { clientType }),
  };
}

/** Removes the property list from the end of the segments and returns it. */
function takePropertyList(segments: string[]): string {
  const last = segments.at(-1) ?? "";
  if (segments.length < 3) return "";
  const isList = last === "" || last.startsWith("?") || oldPropertyList.test(last);
  if (!isList) return "";
  segments.pop();
  return last.startsWith("?") ? last.slice(1) : last;
}

/** Of a name that comes twice the first counts; names that mean nothing here are skipped by not being asked for. */
function parseProperties(list: string): ReadonlyMap<string, string> {
  const properties = new Map<string, string>();
  for (const pair of list.split("&")) {
    const equals = pair.indexOf("=");
    if (equals <= 0) continue;
    const name = pair.slice(0, equals);
    if (!properties.has(name)) properties.set(name, percentDecode(pair.slice(equals + 1)));
  }
  return properties;
}
