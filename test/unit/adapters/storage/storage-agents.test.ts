import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Agent, createServer, request } from "node:https";
import { type TestContext, test } from "node:test";
import { type AgentFor, trustingAlso, trustingOnly } from "../../../../adapters/storage/storage-agents.ts";
import { ensureDevelopmentCertificate } from "../../../../adapters/tls/dev-ca.ts";
import { tempFolder } from "../../../support/nats.ts";

/** A server with a certificate of its own CA for `localhost`, which this process does not trust. */
async function startServer(t: TestContext) {
  const files = await ensureDevelopmentCertificate({ folder: await tempFolder(t), hostNames: ["localhost"] });
  const cert = readFileSync(files.certFile, "utf8");
  const server = createServer({ cert, key: readFileSync(files.keyFile) }, (_, response) => response.end());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close().closeAllConnections());
  const { port } = server.address() as { port: number };
  return { port, cert, ca: readFileSync(files.caFile ?? "", "utf8") };
}

async function ask(host: string, port: number, agentFor: AgentFor): Promise<number | undefined> {
  const agent = agentFor(undefined);
  const asked = request({ host, port, agent }).end();
  const [response] = (await once(asked, "response")) as [{ statusCode?: number; resume(): void }];
  response.resume();
  agent?.destroy();
  return response.statusCode;
}

test("one more CA is trusted for the names in its certificates, and a proxy's agent is left alone", async (t) => {
  const { port, ca } = await startServer(t);
  assert.equal(await ask("localhost", port, trustingAlso(ca)), 200);
  await assert.rejects(ask("127.0.0.1", port, trustingAlso(ca)), { code: "ERR_TLS_CERT_ALTNAME_INVALID" });
  const { ca: otherCa } = await startServer(t);
  await assert.rejects(ask("localhost", port, trustingAlso(otherCa)));
  assert.equal(trustingAlso(ca)(new Agent()), undefined);
});

test("one certificate is trusted whatever it is called by, with or without its issuer, and no other", async (t) => {
  const { port, cert, ca } = await startServer(t);
  const [leaf = ""] = cert.split(/(?<=-----END CERTIFICATE-----\n)/);
  assert.equal(await ask("127.0.0.1", port, trustingOnly(cert)), 200);
  assert.equal(await ask("127.0.0.1", port, trustingOnly(leaf)), 200);
  // Its CA is a certificate, but not this one.
  await assert.rejects(ask("127.0.0.1", port, trustingOnly(ca)), /another certificate/);
  const { cert: other } = await startServer(t);
  await assert.rejects(ask("127.0.0.1", port, trustingOnly(other)));
  const agentFor = trustingOnly(cert);
  assert.equal(agentFor(new Agent()), agentFor(undefined));
});
