import type { AggregateName, HubEvent } from "../events.ts";

/** Which group of events a type belongs to, by which it can be asked for: an aggregate's name. */
const groups = {
  SharedAccessPoliciesSet: "hub",
  ConsumerGroupCreated: "hub",
  ConsumerGroupDeleted: "hub",
  QueryIndexCreated: "hub",
  QueryIndexDeleted: "hub",
  DeviceCreated: "identity",
  DeviceUpdated: "identity",
  DeviceDeleted: "identity",
  ModuleCreated: "identity",
  ModuleUpdated: "identity",
  ModuleDeleted: "identity",
  TwinUpdated: "twin",
  TwinReplaced: "twin",
  TwinConfigured: "twin",
  TwinReportedPatched: "twin",
  DeviceConnected: "connection",
  DeviceDisconnected: "connection",
  SubscriptionsChanged: "connection",
  MethodCalled: "method",
  MethodDelivered: "method",
  MethodAnswered: "method",
  MethodFailed: "method",
  CommandEnqueued: "command",
  CommandDelivered: "command",
  CommandCompleted: "command",
  CommandAbandoned: "command",
  CommandRejected: "command",
  CommandExpired: "command",
  CommandDeadLettered: "command",
  CommandsPurged: "command",
  FileUploadStarted: "upload",
  FileUploadCompleted: "upload",
  FileUploadExpired: "upload",
  ConfigurationCreated: "configuration",
  ConfigurationUpdated: "configuration",
  ConfigurationDeleted: "configuration",
  ConfigurationMeasured: "configuration",
  JobCreated: "job",
  JobStarted: "job",
  JobPlanned: "job",
  JobCompleted: "job",
  JobFailed: "job",
  JobCancelled: "job",
  JobTargetsForgotten: "job",
  JobForgotten: "job",
  JobChunkPlanned: "job",
  JobChunkStarted: "job",
  JobTargetsEnded: "job",
  RegistryJobCreated: "job",
  RegistryJobStarted: "job",
  RegistryJobProgressed: "job",
  RegistryJobCompleted: "job",
  RegistryJobFailed: "job",
  RegistryJobCancelled: "job",
} as const satisfies Record<HubEvent["type"], AggregateName>;

const groupOf: ReadonlyMap<string, string> = new Map(Object.entries(groups));

/**
 * The event types that a filter names: each word is a type, a group such as `twin`, or a pattern with `*` such as `Twin*`.
 * A word that names nothing stays, and matches nothing.
 */
export function typesNamed(words: readonly string[]): readonly string[] {
  return [...new Set(words.flatMap(typesOf))];
}

function typesOf(word: string): readonly string[] {
  const types = [...groupOf.keys()];
  if (word.includes("*")) {
    const [first = "", ...rest] = word.split("*");
    return types.filter((type) => matches(type, first, rest));
  }
  const members = types.filter((type) => groupOf.get(type) === word);
  return members.length > 0 ? members : [word];
}

/** Whether a text is `first`, then anything and each of `rest` in turn. Takes no longer than the text for each of them. */
function matches(text: string, first: string, rest: readonly string[]): boolean {
  if (!text.startsWith(first)) return false;
  const last = rest.at(-1) ?? "";
  let from = first.length;
  for (const part of rest.slice(0, -1)) {
    const found = text.indexOf(part, from);
    if (found < 0) return false;
    from = found + part.length;
  }
  return text.length - from >= last.length && text.endsWith(last);
}
