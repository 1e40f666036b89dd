import { HubError } from "../../core/hub-error.ts";
import type { CallerContainer, CallerContainers } from "../../core/registry-job/caller-containers.ts";
import { trustingAlso } from "./storage-agents.ts";
import type { StorageLog } from "./storage-log.ts";

/** By what the containers of callers are reached. */
export type CallerContainersOptions = {
  /** PEM of the hub's own CA, if it has one: an emulator beside the hub may have the hub's certificate. */
  readonly caPem: string | undefined;
  readonly log: StorageLog;
};

/**
 * Containers by their addresses with shared access signatures. Whoever may write the registry may name any https address, as
 * with IoT Hub, and learns whether it is a container with this blob, but nothing else of what is there: redirects go nowhere
 * else, and all failures look alike. The storage client is loaded when it is needed.
 */
export function createCallerContainers({ caPem, log }: CallerContainersOptions): CallerContainers {
  const agentFor = caPem === undefined ? undefined : trustingAlso(caPem);
  return (uri) => {
    const address = addressIn(uri);
    let opened: Promise<CallerContainer> | undefined;
    const container = (): Promise<CallerContainer> => {
      opened ??= import("./sas-container.ts").then(({ openSasContainer }) =>
        openSasContainer({ uri, address, log, ...(agentFor !== undefined && { agentFor }) }),
      );
      return opened;
    };
    return {
      address,
      checkReadable: async (blobName) => (await container()).checkReadable(blobName),
      checkWritable: async () => (await container()).checkWritable(),
      openLines: async (blobName, from) => (await container()).openLines(blobName, from),
      write: async (blobName, text, signal) => (await container()).write(blobName, text, signal),
      startLog: async (blobName) => (await container()).startLog(blobName),
      appendLog: async (blobName, text) => (await container()).appendLog(blobName, text),
    };
  };
}

/** The address without its signature. The refusal repeats nothing of it. */
function addressIn(uri: string): string {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  const isPlain = url?.protocol === "https:" && url.username === "" && url.password === "" && url.hash === "";
  if (url === undefined || !isPlain || !/^\/[^/]/.test(url.pathname)) {
    throw new HubError("ArgumentInvalid", "A container's URI must begin with https:// and name the container");
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}
