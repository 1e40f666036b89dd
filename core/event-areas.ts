import type { HubEvent } from "./events.ts";

/**
 * What each event is about. Whoever treats all events of an area alike asks here, so that a new event is forgotten
 * nowhere: it does not compile before it has an area.
 */
export const eventAreas = {
  SharedAccessPoliciesSet: "access",
  ConsumerGroupCreated: "consumerGroup",
  ConsumerGroupDeleted: "consumerGroup",
  QueryIndexCreated: "queryIndex",
  QueryIndexDeleted: "queryIndex",
  DeviceCreated: "device",
  DeviceUpdated: "device",
  DeviceDeleted: "device",
  ModuleCreated: "module",
  ModuleUpdated: "module",
  ModuleDeleted: "module",
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
  FileUploadStarted: "fileUpload",
  FileUploadCompleted: "fileUpload",
  FileUploadExpired: "fileUpload",
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
  RegistryJobCreated: "registryJob",
  RegistryJobStarted: "registryJob",
  RegistryJobProgressed: "registryJob",
  RegistryJobCompleted: "registryJob",
  RegistryJobFailed: "registryJob",
  RegistryJobCancelled: "registryJob",
} as const satisfies Record<HubEvent["type"], string>;

type Areas = typeof eventAreas;

/** What an event may be about. */
export type EventArea = Areas[HubEvent["type"]];

/** The events of an area. */
export type EventOf<Area extends EventArea> = Extract<
  HubEvent,
  { readonly type: { [Type in keyof Areas]: Areas[Type] extends Area ? Type : never }[keyof Areas] }
>;

/** Tells whether an event is of an area. */
export const isOfArea = <Area extends EventArea>(event: HubEvent, area: Area): event is EventOf<Area> =>
  eventAreas[event.type] === area;
