import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StorageAccount } from "./storage-account.ts";

/** The account of an embedded storage, which has no address of its own. */
export type LocalAccount = Omit<StorageAccount, "endpoint">;

/**
 * The account of the embedded storage in this folder, made with a random name and key when there is none. It is kept, as
 * the blobs are kept under its name. Throws an Error that names the file when it can't be read.
 */
export function localAccount(folder: string): LocalAccount {
  const file = join(folder, "account.json");
  const kept = readKept(file);
  if (kept !== undefined) return kept;
  const account = { name: `hub${randomBytes(8).toString("hex")}`, key: randomBytes(64).toString("base64") };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, `${JSON.stringify(account)}\n`, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
  return account;
}

function readKept(file: string): LocalAccount | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const account = parsed(text);
  if (account === undefined) throw new Error(`${file} holds no storage account`);
  return account;
}

function parsed(text: string): LocalAccount | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return undefined;
    const { name, key } = value as { name?: unknown; key?: unknown };
    return typeof name === "string" && typeof key === "string" ? { name, key } : undefined;
  } catch {
    return undefined;
  }
}
