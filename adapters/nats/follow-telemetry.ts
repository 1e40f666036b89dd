import type { NatsConnection } from "nats";
import type { NatsLog } from "./nats-log.ts";
import { requireHubName, telemetryWildcards } from "./subjects.ts";
import { decodeTelemetry, type TelemetryMessage } from "./telemetry-headers.ts";

/** Whose telemetry to show as it arrives. */
export type FollowTelemetry = {
  readonly nc: NatsConnection;
  readonly hub: string;
  /** Of this device and its modules only. */
  readonly deviceId?: string | undefined;
  readonly signal: AbortSignal;
  readonly onMessage: (message: TelemetryMessage) => void;
  /** Hears of messages that no hub wrote; they are passed over. */
  readonly log?: NatsLog;
};

/**
 * Shows telemetry as it arrives, from now on, until `signal`. It listens beside the streams instead of reading them: what
 * arrives while the connection is lost is not shown.
 */
export async function followTelemetry(request: FollowTelemetry): Promise<void> {
  const { nc, hub, deviceId, signal, onMessage, log } = request;
  requireHubName(hub);
  if (signal.aborted) return;
  const { promise: over, resolve, reject } = Promise.withResolvers<void>();
  const subscriptions = telemetryWildcards(hub, deviceId).map((subject) =>
    nc.subscribe(subject, {
      callback: (error, msg) => {
        if (error !== null) reject(error);
        else {
          try {
            onMessage(decodeTelemetry(msg));
          } catch (err) {
            log?.debug({ err }, "a message of a telemetry subject cannot be read");
          }
        }
      },
    }),
  );
  signal.addEventListener("abort", () => resolve(), { once: true });
  void nc.closed().then(() => resolve());
  try {
    await over;
  } finally {
    for (const subscription of subscriptions) subscription.unsubscribe();
  }
}
