import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";

/** A folder of the test's own, gone after it. */
export async function temporaryFolder() {
  const folder = await mkdtemp(join(tmpdir(), "twinstream-tls-"));
  return { folder, [Symbol.asyncDispose]: async () => await rm(folder, { recursive: true, force: true }) };
}

/** A TLS server on a free port that ends each connection after the handshake. */
export async function startServer({ options, host }: { options: tls.TlsOptions; host: string }) {
  const server = tls.createServer(options, (socket) => socket.on("error", () => {}).end("done"));
  server.on("tlsClientError", () => {});
  server.listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    server,
    port,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, "close");
    },
  };
}

export type Handshake = {
  readonly fingerprint256: string;
  readonly authorized: boolean;
  readonly protocol: string | null;
  readonly cipher: string;
};

/** Connects, waits for the server's end and says what was agreed; rejects when the handshake fails. */
export async function handshake(options: tls.ConnectionOptions): Promise<Handshake> {
  const socket = tls.connect(options);
  await once(socket, "secureConnect");
  const { fingerprint256 } = socket.getPeerCertificate();
  const result = { fingerprint256, authorized: socket.authorized, protocol: socket.getProtocol() };
  const cipher = socket.getCipher().name;
  socket.resume();
  await once(socket, "close");
  return { ...result, cipher };
}
