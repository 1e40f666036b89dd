import type { RecordedEvent } from "../../core/events.ts";
import { actorText } from "../nats/actor-text.ts";

/** An event of a device's history as a back end sees it. */
export function eventDocument({ sequence, key, event, meta }: RecordedEvent) {
  const { id, time, actor, correlationId, causationId } = meta;
  return {
    sequence,
    id,
    type: event.type,
    time,
    actor: actorText(actor),
    correlationId,
    ...(causationId !== undefined && { causationId }),
    deviceId: key.id,
    ...(key.moduleId !== undefined && { moduleId: key.moduleId }),
    data: event.data,
  };
}
