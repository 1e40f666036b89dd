import { HubError } from "../hub-error.ts";
import {
  booleanMember,
  choiceMember,
  invalidMember,
  type Members,
  membersOf,
  textMember,
} from "../identity/members.ts";
import type { JsonObject } from "../json.ts";
import { maxBlobNameLength, maxUriLength } from "./limits.ts";
import type { RegistryJobFiles } from "./registry-job.ts";

/** What the creator of a job asks for; URIs as they came, with their signatures. */
export type RegistryJobInput = RegistryJobFiles & { readonly outputUri: string } & (
    | { readonly type: "export"; readonly excludeKeys: boolean }
    | { readonly type: "import"; readonly inputUri: string }
  );

const types = ["export", "import"] as const;
const defaultDevicesBlob = "devices.txt";
const defaultConfigurationsBlob = "configurations.txt";

/**
 * Reads the body of a job's creation (spec/http-api 2.6, spec/identity-and-security 12). Throws HubError `ArgumentNull` for
 * what is missing and `ArgumentInvalid` for what can't be. `identityBased` is refused: it stands for an Azure identity of the
 * hub, and this hub has none.
 */
export function parseRegistryJob(body: JsonObject): RegistryJobInput {
  const members = membersOf(body);
  const type = choiceMember(members, "type", types);
  if (type === undefined) throw missing("type");
  if (choiceMember(members, "storageAuthenticationType", ["keyBased", "identityBased"]) === "identityBased") {
    throw invalidMember("storageAuthenticationType", "this hub needs container URIs with a shared access signature");
  }
  const hasConfigurations = booleanMember(members, "includeConfigurations") ?? false;
  const configurationsBlobName = hasConfigurations
    ? blobName(members, "configurationsBlobName", defaultConfigurationsBlob)
    : null;
  const outputUri = uriMember(members, "outputBlobContainerUri");
  switch (type) {
    case "export": {
      const devicesBlobName = blobName(members, "outputBlobName", defaultDevicesBlob);
      const excludeKeys = booleanMember(members, "excludeKeysInExport") ?? false;
      return { type, outputUri, devicesBlobName, configurationsBlobName, excludeKeys };
    }
    case "import": {
      const devicesBlobName = blobName(members, "inputBlobName", defaultDevicesBlob);
      return {
        type,
        outputUri,
        devicesBlobName,
        configurationsBlobName,
        inputUri: uriMember(members, "inputBlobContainerUri"),
      };
    }
  }
}

function uriMember(members: Members, name: string): string {
  const uri = textMember(members, name, maxUriLength) ?? "";
  if (uri === "") throw missing(name);
  return uri;
}

/** A name whose parts can't lead out of the container. */
function blobName(members: Members, name: string, whenAbsent: string): string {
  const blob = textMember(members, name, maxBlobNameLength) || whenAbsent;
  const parts = blob.split("/");
  const isOdd = /[\p{Cc}\\]/u.test(blob) || !blob.isWellFormed() || parts.some((part) => /^\.{0,2}$/.test(part));
  if (isOdd) throw invalidMember(name, "the name of a blob is expected");
  return blob;
}

const missing = (name: string): HubError => new HubError("ArgumentNull", `'${name}' is missing`, { member: name });
