import type { Configuration } from "../configuration/configuration.ts";
import type { IdentityKey } from "../events.ts";
import type { Authentication } from "../identity/authentication.ts";
import type { LiveDevice } from "../identity/device.ts";
import type { LiveModule } from "../identity/module.ts";
import { openAuthentication } from "../identity/seal-authentication.ts";
import { isSystemModule } from "../identity/system-module.ts";
import type { JsonObject } from "../json.ts";
import type { ReadModel, Secrets } from "../ports.ts";
import { sectionDocument } from "../twin/document.ts";

/** What lines are made from. */
export type LineDeps = {
  readonly readModel: Pick<ReadModel, "modules" | "twin">;
  readonly secrets: Pick<Secrets, "open">;
};

/**
 * The lines of a device and of its modules, each with its line break: ExportImportDevice as JSON (spec/identity-and-security
 * 12). That IoT Hub exports modules is unconfirmed, but an import takes them. The system modules of an IoT Edge device are
 * left out, since nobody but the hub may create them, and it does so with the device.
 */
export function deviceLines(deps: LineDeps, device: LiveDevice, excludeKeys: boolean): string {
  const { deviceId } = device;
  const { status, statusReason, capabilities, deviceScope, parentScopes } = device.fields;
  const line = lineOf({
    id: deviceId,
    eTag: device.etag,
    status,
    ...(statusReason !== null && { statusReason }),
    authentication: authenticationOf(deps, device.fields.authentication, excludeKeys),
    capabilities: { ...capabilities },
    ...(deviceScope !== null && { deviceScope }),
    ...(parentScopes.length > 0 && { parentScopes }),
    ...twinOf(deps, { deviceId }),
  });
  const modules = deps.readModel.modules(deviceId).filter(({ moduleId }) => !isSystemModule(moduleId));
  return line + modules.map((module) => moduleLine(deps, module, excludeKeys)).join("");
}

function moduleLine(deps: LineDeps, module: LiveModule, excludeKeys: boolean): string {
  const { deviceId, moduleId, etag } = module;
  const { managedBy, authentication } = module.fields;
  return lineOf({
    id: deviceId,
    moduleId,
    eTag: etag,
    ...(managedBy !== null && { managedBy }),
    authentication: authenticationOf(deps, authentication, excludeKeys),
    ...twinOf(deps, { deviceId, moduleId }),
  });
}

function authenticationOf({ secrets }: LineDeps, sealed: Authentication, excludeKeys: boolean): JsonObject {
  const noKeys = { primaryKey: null, secondaryKey: null };
  const { type, symmetricKey, x509Thumbprint } = excludeKeys
    ? { ...sealed, symmetricKey: noKeys }
    : openAuthentication(sealed, secrets);
  return { type, symmetricKey: { ...symmetricKey }, x509Thumbprint: { ...x509Thumbprint } };
}

function twinOf({ readModel }: LineDeps, key: IdentityKey): JsonObject {
  const twin = readModel.twin(key)?.value;
  if (twin === undefined) return {};
  const { etag, tags, desired, reported } = twin;
  return {
    twinETag: etag,
    ...(Object.keys(tags).length > 0 && { tags }),
    properties: { desired: sectionDocument(desired), reported: sectionDocument(reported) },
  };
}

/** A configuration as an import takes it. Its results are left out: they are the hub's own. */
export const configurationLine = (configuration: Configuration): string =>
  lineOf({
    id: configuration.id,
    schemaVersion: configuration.schemaVersion,
    labels: configuration.labels,
    content: { [configuration.content.kind]: configuration.content.members },
    ...(configuration.contentType !== null && { contentType: configuration.contentType }),
    targetCondition: configuration.targetCondition,
    priority: configuration.priority,
    metrics: { queries: configuration.metrics },
    etag: configuration.etag,
  });

const lineOf = (document: JsonObject): string => `${JSON.stringify(document)}\r\n`;
