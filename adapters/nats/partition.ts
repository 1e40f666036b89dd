const offsetBasis = 0x811c9dc5;
const prime = 0x01000193;
const utf8 = new TextEncoder();

/**
 * The telemetry partition of a device, from 0 up to, not including, `partitions`: FNV-1a with 32 bits over the UTF-8 of the
 * device id, modulo the count. IoT Hub does not say which hash it uses (spec/messaging 2, unconfirmed). Stored telemetry
 * depends on this function: it never may change. A module's telemetry lies with its device's.
 */
export function partitionOf(deviceId: string, partitions: number): number {
  let hash = offsetBasis;
  for (const byte of utf8.encode(deviceId)) hash = Math.imul(hash ^ byte, prime);
  return (hash >>> 0) % partitions;
}
