import { type Durability, syncInterval } from "./durability.ts";

/** What the configuration of the embedded nats-server depends on. Port -1 lets the server choose. */
export type ServerSettings = {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly storeFolder: string;
  readonly portsFolder: string;
  readonly durability: Durability;
  readonly maxFileStoreBytes: number;
};

/** 1 MiB: room for the largest telemetry message with its properties percent-encoded. */
export const maxPayloadBytes = 1_048_576;

const maxMemoryStoreBytes = 268_435_456;

/** Renders nats-server's configuration. It holds the password: keep the file to the owner. */
export function renderServerConfig(settings: ServerSettings): string {
  const { port, user, password, storeFolder, portsFolder, durability, maxFileStoreBytes } = settings;
  return `listen: "127.0.0.1:${port}"
logtime: false
ports_file_dir: ${JSON.stringify(portsFolder)}
authorization { user: ${JSON.stringify(user)}, password: ${JSON.stringify(password)} }
max_payload: ${maxPayloadBytes}
write_deadline: "10s"
lame_duck_duration: "30s"
lame_duck_grace_period: "1s"
jetstream {
  store_dir: ${JSON.stringify(storeFolder)}
  sync_interval: ${JSON.stringify(syncInterval(durability))}
  max_memory_store: ${maxMemoryStoreBytes}
  max_file_store: ${maxFileStoreBytes}
}
`;
}
