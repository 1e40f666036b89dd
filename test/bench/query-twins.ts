import type { JsonObject } from "../../core/json.ts";
import { stampAll } from "../../core/twin/metadata.ts";
import { deviceAccess } from "../../projections/devices.ts";
import { openStore } from "../../projections/store.ts";
import { twinAccess } from "../../projections/twin-rows.ts";
import { dawn, deviceFields } from "../support/events.ts";

const regions = ["US", "EU", "APAC", "LATAM", "AFRICA", "MEA", "ANZ", "NORDIC"] as const;
const states = ["Success", "Pending", "Error"] as const;

/** Devices in an order that is their ids' too. */
export const twinId = (number: number): string => `fleet-${String(number).padStart(7, "0")}`;

/** Tags, desired and reported properties of a device: with their metadata about 600 bytes of JSON. */
export function twinOf(number: number): Record<"tags" | "desired" | "reported", JsonObject> {
  return {
    tags: {
      location: { region: regions[(number * 7) % 8] ?? "", plant: `plant-${number % 1000}` },
      building: (number * 31) % 100,
    },
    desired: { sendFrequencyInSecs: (number * 13) % 300 },
    reported: {
      sendFrequencyInSecs: (number * 13) % 300,
      status: states[number % 3] ?? "",
      temperature: ((number * 7919) % 10_000) / 100,
      firmware: `1.${number % 20}.0`,
    },
  };
}

/** Writes so many device twins straight into new views in `file`. Gives the bytes of JSON that a twin takes on average. */
export function writeTwins(file: string, count: number): number {
  const { store } = openStore(file);
  const devices = deviceAccess(store);
  const twins = twinAccess(store);
  let bytes = 0;
  for (let first = 0; first < count; first += 50_000) {
    store.transaction(() => {
      for (let number = first; number < Math.min(first + 50_000, count); number += 1) {
        const deviceId = twinId(number);
        const generationId = String(number);
        const identity = { status: "live", deviceId, generationId, etag: "MQ==", statusUpdatedTime: null } as const;
        devices.save(
          deviceId,
          "",
          { value: { ...identity, fields: deviceFields(), createdTime: dawn }, sequence: 0 },
          undefined,
        );
        const { tags, desired, reported } = twinOf(number);
        const sections = { desired: sectionOf(desired), reported: sectionOf(reported) };
        bytes += JSON.stringify([tags, sections]).length;
        const value = { generationId, version: 3, etag: "AAAAAAAAAAE=", tags, ...sections };
        twins.save(deviceId, "", { value, sequence: 0 }, undefined);
      }
    });
  }
  store.close();
  return bytes / count;
}

const sectionOf = (values: JsonObject) => ({ values, metadata: stampAll(values, { $lastUpdated: dawn }), version: 2 });
