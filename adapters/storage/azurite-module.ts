import { createRequire } from "node:module";

/** The module that makes Azurite's blob server; undefined where Azurite is not installed, as it need not be. */
export function azuriteModule(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve("azurite/dist/src/blob/BlobServerFactory.js");
  } catch {
    return undefined;
  }
}
