/** The longest silence that IoT Hub grants: 29.45 minutes (spec/mqtt 3). */
const longestSilenceMs = 1_767_000;

/**
 * How long a device may stay silent, in milliseconds: 1.5 times its keep-alive ([MQTT-3.1.2-24]), 1,767 s at most. A
 * keep-alive of 0 gets the most; for IoT Hub that is unconfirmed.
 */
export function longestSilence(keepAliveSeconds: number): number {
  return keepAliveSeconds === 0 ? longestSilenceMs : Math.min(keepAliveSeconds * 1_500, longestSilenceMs);
}
