import type { RecordedEvent } from "../events.ts";
import { HubError } from "../hub-error.ts";
import type { Authentication } from "../identity/authentication.ts";
import type { HistoryFilter, Journal, ReadModel } from "../ports.ts";

/** One page of a device's history. `next` is the `afterSequence` of the following page, absent on the last. */
export type HistoryPage = { readonly events: readonly RecordedEvent[]; readonly next?: number };

/** Reads the past of a device from the journal. */
export type HistoryReader = {
  /**
   * The events of a device and its modules, also those of earlier generations, secrets left out. Throws HubError
   * `DeviceNotFound` when the journal never heard of the device.
   */
  page(filter: HistoryFilter): Promise<HistoryPage>;
};

/** Makes the history reader: the view knows which events are a device's, the journal holds them. */
export function createHistoryReader(readModel: ReadModel, journal: Journal): HistoryReader {
  return {
    async page(filter) {
      const { deviceId, limit } = filter;
      if (readModel.history({ deviceId, limit: 1 }).length === 0)
        throw new HubError("DeviceNotFound", deviceId, { deviceId });
      // One more than asked tells whether another page follows.
      const sequences = readModel.history({ ...filter, limit: limit + 1 });
      const events = await journal.readSequences(sequences.slice(0, limit));
      const last = events.at(-1);
      const page = { events: events.map(withoutSecrets) };
      return sequences.length > limit && last !== undefined ? { ...page, next: last.sequence } : page;
    },
  };
}

/** The event as it may be shown: a key is there or not, but its text, though sealed, is nobody's business. */
export function withoutSecrets(recorded: RecordedEvent): RecordedEvent {
  const { event } = recorded;
  switch (event.type) {
    case "DeviceCreated":
    case "DeviceUpdated": {
      const fields = { ...event.data.fields, authentication: masked(event.data.fields.authentication) };
      return { ...recorded, event: { ...event, data: { ...event.data, fields } } as typeof event };
    }
    case "ModuleCreated":
    case "ModuleUpdated": {
      const fields = { ...event.data.fields, authentication: masked(event.data.fields.authentication) };
      return { ...recorded, event: { ...event, data: { ...event.data, fields } } as typeof event };
    }
    case "SharedAccessPoliciesSet": {
      const policies = event.data.policies.map((policy) => ({ ...policy, primaryKey: mask, secondaryKey: mask }));
      return { ...recorded, event: { ...event, data: { ...event.data, policies } } };
    }
    case "ConsumerGroupCreated":
    case "ConsumerGroupDeleted":
    case "DeviceDeleted":
    case "ModuleDeleted":
    case "DeviceConnected":
    case "DeviceDisconnected":
    case "SubscriptionsChanged":
    case "TwinUpdated":
    case "TwinReplaced":
    case "TwinReportedPatched":
    case "CommandEnqueued":
    case "CommandDelivered":
    case "CommandCompleted":
    case "CommandAbandoned":
    case "CommandRejected":
    case "CommandExpired":
    case "CommandDeadLettered":
    case "CommandsPurged":
    case "MethodCalled":
    case "MethodDelivered":
    case "MethodAnswered":
    case "MethodFailed":
      return recorded;
  }
}

const mask = "(secret)";

function masked(authentication: Authentication): Authentication {
  const { primaryKey, secondaryKey } = authentication.symmetricKey;
  const symmetricKey = { primaryKey: primaryKey && mask, secondaryKey: secondaryKey && mask };
  return { ...authentication, symmetricKey };
}
