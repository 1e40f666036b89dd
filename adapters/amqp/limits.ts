import { maxD2cBytes } from "../../core/device-to-cloud/message.ts";
import { type ConnectionLimits, defaultConnectionLimits } from "./connection-limits.ts";

/** What the frame guard lets through to rhea. */
export type GuardLimits = {
  /** The longest frame, which the hub's open announces. */
  readonly maxFrameBytes: number;
  /** The highest channel, which the hub's open announces: one less than the sessions that a connection may have. */
  readonly channelMax: number;
  /** The highest handle, which the hub's begin should announce: one less than the links that a session may have. */
  readonly handleMax: number;
  /** An encoded message or batch with its properties and sections. */
  readonly maxDeliveryBytes: number;
  /** The frames that one message may come in. */
  readonly maxDeliveryFrames: number;
  /** What has come of messages whose last frame has not, over all links of a connection. */
  readonly maxIncompleteBytes: number;
  /** Levels of lists, maps, arrays and described values. */
  readonly maxDepth: number;
  /** Deliveries that one disposition may cover. rhea holds no more than 2,048 unsettled ones in a session. */
  readonly maxDispositionRange: number;
};

/** What one listener grants its peers. */
export type AmqpLimits = ConnectionLimits & GuardLimits;

/**
 * The hub's own values, as those of IoT Hub are unconfirmed (spec/amqp 13). A message may have 256 KiB that count
 * (IoT Hub docs: quotas) and as much as a frame for what does not. 8,192 sessions are what a gateway with a session for
 * each device needs.
 */
export const defaultLimits: AmqpLimits = {
  ...defaultConnectionLimits,
  maxFrameBytes: 65_536,
  channelMax: 8_191,
  handleMax: 8_191,
  maxDeliveryBytes: maxD2cBytes + 65_536,
  maxDeliveryFrames: 1_024,
  maxIncompleteBytes: 4_194_304,
  maxDepth: 16,
  maxDispositionRange: 2_048,
};
