/** A storage account and the key that signs for it: a secret. */
export type StorageAccount = {
  readonly name: string;
  /** Base64. */
  readonly key: string;
  /** The blob service: an https URL without a slash at its end, with the account's name in it as host or path. */
  readonly endpoint: string;
};

const defaultSuffix = "core.windows.net";

/**
 * Reads a connection string of a storage account (Azure docs: configure connection strings), names in any case. Throws an
 * Error that says what is wrong with it and repeats nothing of it.
 */
export function parseConnectionString(text: string): StorageAccount {
  const parts = new Map<string, string>();
  for (const part of text.split(";")) {
    const at = part.indexOf("=");
    if (at > 0) parts.set(part.slice(0, at).trim().toLowerCase(), part.slice(at + 1).trim());
  }
  const name = parts.get("accountname") ?? "";
  const key = parts.get("accountkey") ?? "";
  if (!/^[a-z0-9]{3,24}$/.test(name)) throw fault("needs an AccountName of 3 to 24 small letters and digits");
  // A shared access signature can't sign others, nor can it be told from a key by its name alone.
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(key)) throw fault("needs an AccountKey in base64, to sign what devices upload by");
  const protocol = parts.get("defaultendpointsprotocol") ?? "https";
  const suffix = parts.get("endpointsuffix") ?? defaultSuffix;
  return { name, key, endpoint: endpointIn(parts.get("blobendpoint") ?? `${protocol}://${name}.blob.${suffix}`) };
}

/** Devices put `https://` before what they are told, whatever the account speaks (spec/messaging 8.1). */
function endpointIn(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url?.protocol === "https:" && url.search === "" && url.hash === "" && url.username === "";
  if (url === undefined || !isPlain)
    throw fault("needs an https address of the blob service, since devices use no other");
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}

const fault = (what: string): Error => new Error(`the connection string of the storage account ${what}`);
