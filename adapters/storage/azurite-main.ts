import { createRequire } from "node:module";
import type { AzuritePlace, FromAzurite, ToAzurite } from "./azurite-messages.ts";
import { azuriteModule } from "./azurite-module.ts";

/*
 * Azurite's process: `node azurite-main.ts <marker> <folder> <place as JSON>`. The blob service runs without Azurite's own
 * command line, so that the hub can tell it things, and so that it ends with the hub, however the hub ends.
 */

/** What is used of Azurite's blob server, which has no types. */
type BlobServer = {
  start(): Promise<void>;
  close(): Promise<void>;
  readonly httpServer: import("node:https").Server;
  readonly metadataStore: { readonly db: Database };
  readonly extentMetadataStore: { readonly db: Database };
};
type Database = { saveDatabase(done: (error?: Error | null) => void): void };
type BlobServerFactory = new () => { createServer(environment: object): Promise<BlobServer> };

/** For a clean end: what waits longer is not worth waiting for. */
const closeTimeoutMs = 5_000;

const tell = (message: FromAzurite): void => void process.send?.(message);

/** The answers that Azurite asks its command line for (its `IBlobEnvironment`). */
function environmentFor({ folder, port, bind, certFile, keyFile }: AzuritePlace): object {
  return {
    location: async () => folder,
    blobHost: () => bind,
    blobPort: () => port,
    blobKeepAliveTimeout: () => undefined,
    cert: () => certFile,
    key: () => keyFile,
    pwd: () => undefined,
    oauth: () => undefined,
    silent: () => true,
    debug: async () => undefined,
    // The storage client inside azure-iot-device sends headers that Azurite knows but has no use for.
    loose: () => true,
    skipApiVersionCheck: () => true,
    // Else a host name's first label would be taken for the account.
    disableProductStyleUrl: () => true,
    disableTelemetry: () => true,
    inMemoryPersistence: () => false,
    extentMemoryLimit: () => undefined,
  };
}

async function start(place: AzuritePlace): Promise<BlobServer> {
  const path = azuriteModule();
  if (path === undefined) throw new Error("Azurite is not installed");
  const { BlobServerFactory: Factory } = createRequire(import.meta.url)(path) as {
    BlobServerFactory: BlobServerFactory;
  };
  const server = await new Factory().createServer(environmentFor(place));
  await server.start();
  return server;
}

/** Azurite writes its databases every five seconds; what the hub has vouched for shall not wait for that. */
async function save(server: BlobServer): Promise<void> {
  const saved = ({ db }: { db: Database }): Promise<void> =>
    new Promise((resolve, reject) => db.saveDatabase((error) => (error ? reject(error) : resolve())));
  await saved(server.extentMetadataStore);
  await saved(server.metadataStore);
}

function obey(server: BlobServer, message: ToAzurite): void {
  switch (message.type) {
    case "tls":
      server.httpServer.setSecureContext({ ...message.options });
      return;
    case "save": {
      const { id } = message;
      save(server).then(
        () => tell({ type: "saved", id }),
        (error: unknown) => tell({ type: "saved", id, fault: String(error) }),
      );
    }
  }
}

/** Ends the process when the hub asks for it or is gone, once Azurite has closed its files. */
function endWithHub(server: Promise<BlobServer>): void {
  let ending = false;
  const end = async (): Promise<void> => {
    if (ending) return;
    ending = true;
    setTimeout(() => process.exit(1), closeTimeoutMs);
    const running = await server.catch(() => undefined);
    await running?.close();
    process.exit(0);
  };
  process.on("disconnect", () => void end()).on("SIGTERM", () => void end());
  // Ctrl-C is for the hub.
  process.on("SIGINT", () => {});
  // A garbage collection that fails ends Azurite's service, but not its process.
  const watch = ({ httpServer }: BlobServer) => httpServer.on("close", () => ending || process.exit(1));
  // That it can't start is told elsewhere.
  server.then(watch).catch(() => {});
}

async function main(place: AzuritePlace): Promise<void> {
  const starting = start(place);
  endWithHub(starting);
  const server = await starting;
  process.on("message", (message) => obey(server, message as ToAzurite));
  const address = server.httpServer.address();
  if (typeof address === "object" && address !== null) tell({ type: "listening", port: address.port });
}

main(JSON.parse(process.argv[4] ?? "{}") as AzuritePlace).catch((error: NodeJS.ErrnoException) => {
  const { code, message } = error;
  process.send?.({ type: "failed", code, message } satisfies FromAzurite, () => process.exit(1));
});
