import type { Twin } from "azure-iot-device";

/**
 * Listens to changes of desired properties; resolves once the hub tells them. The SDK asks for them in the background
 * when a handler is attached, and the hub answers in order: the twin that is read next comes after that. The first entries
 * of the list are the whole desired properties, as the SDK hands them to a new handler and to every handler at each read.
 */
export async function listenToDesired(twin: Twin): Promise<Record<string, unknown>[]> {
  const deltas: Record<string, unknown>[] = [];
  twin.on("properties.desired", (delta: Record<string, unknown>) => deltas.push(structuredClone(delta)));
  await twin.get();
  return deltas;
}
