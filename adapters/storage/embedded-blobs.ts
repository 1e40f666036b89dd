import { isIPv6 } from "node:net";
import type { Blobs } from "../../core/file-upload/blobs.ts";
import { HubError } from "../../core/hub-error.ts";
import type { Clock } from "../../core/ports.ts";
import type { TlsContext } from "../tls/reloading-context.ts";
import type { Azurite } from "./azurite.ts";
import type { LocalAccount } from "./azurite-account.ts";
import { lazyBlobs } from "./lazy-blobs.ts";
import { type AgentFor, trustingOnly } from "./storage-agents.ts";
import type { StorageLog } from "./storage-log.ts";

/** The storage that the hub brings along. */
export type EmbeddedBlobsOptions = {
  readonly azurite: Azurite;
  readonly account: LocalAccount;
  readonly containerName: string;
  readonly tls: Pick<TlsContext, "options" | "onChange">;
  /** The address that Azurite listens on; all addresses when left out. */
  readonly bind?: string;
  /** The name of this machine for those that did not say by what name they called. */
  readonly hostName: string;
  readonly clock: Pick<Clock, "now">;
  readonly log: StorageLog;
};

/** A start takes two seconds or so; whoever waits longer had better ask again. */
const patienceMs = 20_000;

/** Blobs in Azurite, which is started when they are first asked for. */
export function embeddedBlobs(options: EmbeddedBlobsOptions): Blobs {
  const { azurite, log } = options;
  const blobs = lazyBlobs(() => open(options));
  return {
    grantUpload: (blobName, upload) => blobs.grantUpload(blobName, upload),
    async find(blobName) {
      const found = await blobs.find(blobName);
      // The hub vouches for what it found: it shall be there even if Azurite is killed.
      if (found !== undefined) await inTime(azurite.save()).catch((error: unknown) => throwUnavailable(error, log));
      return found;
    },
  };
}

async function open(options: EmbeddedBlobsOptions): Promise<Blobs> {
  const { azurite, account, containerName, tls, clock, log } = options;
  const port = await inTime(azurite.listening()).catch((error: unknown) => throwUnavailable(error, log));
  const { createAzureBlobs } = await import("./azure-blobs.ts");
  return createAzureBlobs({
    account: { ...account, endpoint: `https://${inUrl(localAddress(options.bind))}:${port}/${account.name}` },
    containerName,
    hostName: (calledBy) => localHostName({ name: calledBy ?? options.hostName, port, account }),
    agentFor: agentOf(tls),
    clock,
    log,
  });
}

function throwUnavailable(error: unknown, log: StorageLog): never {
  const reason = error instanceof Error ? error.message : String(error);
  log.error({ reason }, "file upload is out of order");
  throw new HubError("ServiceUnavailable", "The hub's storage is out of order");
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("Azurite takes too long")), patienceMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Follows the hub's certificate, which Azurite has too. */
function agentOf(tls: EmbeddedBlobsOptions["tls"]): AgentFor {
  const current = () => trustingOnly(String(tls.options().cert));
  let agentFor = current();
  tls.onChange(() => {
    agentFor = current();
  });
  return (given) => agentFor(given);
}

/** How this machine reaches what listens on `bind`. */
const localAddress = (bind: string | undefined): string =>
  bind === undefined || bind === "0.0.0.0" || bind === "::" ? "127.0.0.1" : bind;

const inUrl = (host: string): string => (isIPv6(host) ? `[${host}]` : host);

/** What stands between `https://` and the container's name: here the account is the first part of the path. */
export function localHostName(where: { name: string; port: number; account: LocalAccount }): string {
  return `${inUrl(where.name)}:${where.port}/${where.account.name}`;
}
