import { errorTable, HubError } from "../hub-error.ts";
import type { Json } from "../json.ts";
import { checkInitialTwin } from "../twin/decide.ts";
import type { InitialTwin } from "../twin/twin.ts";
import { inParallel } from "./in-parallel.ts";
import { type BulkEntry, entryEtag, entryTwin, parseBulkEntry, shownIds } from "./parse-bulk-entry.ts";
import { deviceInput, moduleInput } from "./parse-identity.ts";
import type { BulkError, BulkResult, RequestContext } from "./registry.ts";
import type { RegistryDeps, WriteMode } from "./registry-deps.ts";
import { deleteDevice, writeDevice } from "./write-device.ts";
import { deleteModule, writeModule } from "./write-module.ts";

/** How many identities one call may be about (spec/identity-and-security 4). */
const maxEntries = 100;
// Enough to keep the journal busy while each entry waits for its own acknowledgement.
const parallelEntries = 16;

/** Refuses a call about too many identities at once. Throws HubError `TooManyDevices`. */
export function checkEntryCount(count: number): void {
  if (count > maxEntries) throw new HubError("TooManyDevices", `A call can hold ${maxEntries} entries at most`);
}

/** Refuses a call that names an identity twice. Throws HubError `DeviceDefinedMultipleTimes`. */
export function checkDistinct(
  keys: readonly { readonly deviceId: string; readonly moduleId?: string | undefined }[],
): void {
  const seen = new Set<string>();
  for (const { deviceId, moduleId } of keys) {
    // No id holds a slash, so this text is unique.
    const text = moduleId === undefined ? deviceId : `${deviceId}/${moduleId}`;
    if (seen.has(text))
      throw new HubError("DeviceDefinedMultipleTimes", `'${text}' is in the call twice`, { deviceId });
    seen.add(text);
  }
}

/** The form in which a call about many identities reports one failure. A failure that is no HubError is thrown on. */
export function bulkError(
  ids: { readonly deviceId: string; readonly moduleId?: string | undefined },
  operation: string,
  error: unknown,
): BulkError {
  if (!(error instanceof HubError)) throw error;
  const { deviceId, moduleId } = ids;
  const key = moduleId === undefined ? { deviceId } : { deviceId, moduleId };
  // Number or name is unconfirmed; import logs show numbers (spec/http-api 2.4).
  return { ...key, errorCode: errorTable[error.reason].code, errorStatus: error.message, operation };
}

/**
 * Writes up to 100 identities, each in its own mode. Good entries are applied though others fail, devices before
 * modules, so that one call can register both. Warnings are always empty: a device never comes without its twin here.
 * Throws HubError `TooManyDevices` and `DeviceDefinedMultipleTimes`, with nothing applied (spec/http-api 2.4).
 */
export async function bulkWrite(
  deps: RegistryDeps,
  entries: readonly Json[],
  origin: RequestContext,
): Promise<BulkResult> {
  checkEntryCount(entries.length);
  const errors: BulkError[] = [];
  const good: BulkEntry[] = [];
  for (const entry of entries) {
    try {
      good.push(parseBulkEntry(entry));
    } catch (error) {
      errors.push(bulkError(shownIds(entry), "parse", error));
    }
  }
  checkDistinct(good);
  const run = async (entry: BulkEntry): Promise<void> => {
    try {
      await (entry.moduleId === undefined
        ? applyToDevice(deps, entry, origin)
        : applyToModule(deps, entry, entry.moduleId, origin));
    } catch (error) {
      errors.push(bulkError(entry, entry.importMode, error));
    }
  };
  await inParallel(
    good.filter(({ moduleId }) => moduleId === undefined),
    parallelEntries,
    run,
  );
  await inParallel(
    good.filter(({ moduleId }) => moduleId !== undefined),
    parallelEntries,
    run,
  );
  return { isSuccessful: errors.length === 0, errors, warnings: [] };
}

async function applyToDevice(deps: RegistryDeps, entry: BulkEntry, origin: RequestContext): Promise<void> {
  const { deviceId, members } = entry;
  const plan = planOf(entry);
  switch (plan.kind) {
    case "write": {
      // A bulk call with a scope that leads nowhere is taken by the real hub (spec/identity-and-security 1.6).
      const write = { deviceId, input: deviceInput(members), mode: plan.mode, lenientScopes: true, ...origin };
      await writeDevice(deps, { ...write, ...bornWith(entry, plan.mode) });
      return;
    }
    case "delete":
      return deleteDevice(deps, { deviceId, ifMatch: plan.ifMatch, ...origin });
    case "twin":
      await deps.replaceTwin({ deviceId, ...entryTwin(entry), ifMatch: plan.ifMatch, ...origin });
  }
}

async function applyToModule(
  deps: RegistryDeps,
  entry: BulkEntry,
  moduleId: string,
  origin: RequestContext,
): Promise<void> {
  const { deviceId, members } = entry;
  const plan = planOf(entry);
  switch (plan.kind) {
    case "write": {
      const write = { deviceId, moduleId, input: moduleInput(members), mode: plan.mode, ...origin };
      await writeModule(deps, { ...write, ...bornWith(entry, plan.mode) });
      return;
    }
    case "delete":
      return deleteModule(deps, { deviceId, moduleId, ifMatch: plan.ifMatch, ...origin });
    case "twin":
      await deps.replaceTwin({ deviceId, moduleId, ...entryTwin(entry), ifMatch: plan.ifMatch, ...origin });
  }
}

type Plan =
  | { readonly kind: "write"; readonly mode: WriteMode }
  | { readonly kind: "delete" | "twin"; readonly ifMatch: string };

/** What the entry's mode comes down to (the table of spec/identity-and-security 12). */
function planOf(entry: BulkEntry): Plan {
  switch (entry.importMode) {
    case "create":
      return { kind: "write", mode: { kind: "create" } };
    case "update":
      return { kind: "write", mode: { kind: "update", ifMatch: "*" } };
    case "updateIfMatchETag":
      return { kind: "write", mode: { kind: "update", ifMatch: entryEtag(entry, "eTag") } };
    case "createOrUpdate":
      return { kind: "write", mode: { kind: "createOrUpdate", ifMatch: "*" } };
    case "createOrUpdateIfMatchETag":
      return { kind: "write", mode: { kind: "createOrUpdate", ifMatch: entryEtag(entry, "eTag") } };
    case "delete":
      return { kind: "delete", ifMatch: "*" };
    case "deleteIfMatchETag":
      return { kind: "delete", ifMatch: entryEtag(entry, "eTag") };
    case "updateTwin":
      return { kind: "twin", ifMatch: "*" };
    case "updateTwinIfMatchETag":
      return { kind: "twin", ifMatch: entryEtag(entry, "twinETag") };
  }
}

/** The twin that a created identity starts with, if the entry has one. An update leaves the twin alone. */
function bornWith(entry: BulkEntry, mode: WriteMode): { readonly twin?: InitialTwin } {
  if (mode.kind === "update") return {};
  const twin = checkInitialTwin(entryTwin(entry));
  return Object.keys(twin).length === 0 ? {} : { twin };
}
