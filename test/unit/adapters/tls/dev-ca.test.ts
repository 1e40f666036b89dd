import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { chmod, copyFile, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { defaultHostNames, ensureDevelopmentCertificate } from "../../../../adapters/tls/dev-ca.ts";
import { hubTlsOptions } from "../../../../adapters/tls/tls-options.ts";
import { handshake, startServer, temporaryFolder } from "./tls-fixture.ts";

const dayMs = 86_400_000;
const modeOf = async (file: string) => (await stat(file)).mode & 0o777;
const read = async (folder: string, name: string) => await readFile(join(folder, name), "utf8");
const hasIPv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === "::1"));

const connections = [
  { host: "127.0.0.1", servername: "localhost" },
  { host: "127.0.0.1", servername: "" },
  { host: "::1", servername: "" },
];
for (const { host, servername } of connections) {
  const skip = host === "::1" && !hasIPv6;
  test(`a client that trusts the CA accepts the hub at ${servername || host}`, { skip }, async () => {
    await using temporary = await temporaryFolder();
    const { folder } = temporary;
    const files = await ensureDevelopmentCertificate({ folder, hostNames: defaultHostNames() });
    const [cert, key] = [await read(folder, "server.pem"), await read(folder, "server-key.pem")];
    await using server = await startServer({ options: hubTlsOptions({ cert, key }), host });
    const ca = await readFile(files.caFile ?? "", "utf8");
    const { authorized } = await handshake({ host, port: server.port, ca, ...(servername && { servername }) });
    assert.equal(authorized, true);
    await assert.rejects(handshake({ host, port: server.port, ca, servername: "other.example" }), {
      code: "ERR_TLS_CERT_ALTNAME_INVALID",
    });
  });
}

test("the CA may sign end certificates and nothing else, for ten years", async () => {
  await using temporary = await temporaryFolder();
  const now = new Date("2030-01-01T00:00:00Z");
  await ensureDevelopmentCertificate({ folder: temporary.folder, hostNames: ["localhost"], now });
  const ca = new X509Certificate(await read(temporary.folder, "ca.pem"));
  assert.equal(ca.subject, "CN=Twinstream development CA");
  assert.equal(ca.ca, true);
  assert.ok(ca.verify(ca.publicKey));
  assert.equal(Math.round((ca.validToDate.getTime() - now.getTime()) / dayMs), 3649);
  const text = ca.raw.toString("hex");
  assert.ok(text.includes("0603551d130101ff040830060101ff020100"), "basicConstraints critical, CA, pathlen 0");
  assert.ok(text.includes("0603551d0f0101ff040403020106"), "keyUsage critical, keyCertSign and cRLSign");
  assert.ok(text.includes("0603551d0e") && text.includes("0603551d23"), "key identifiers");
});

test("the server certificate is RSA 2048 for serverAuth and names every host", async () => {
  await using temporary = await temporaryFolder();
  const hostNames = ["localhost", "127.0.0.1", "::1", "hub.example.com"];
  await ensureDevelopmentCertificate({ folder: temporary.folder, hostNames });
  const pem = await read(temporary.folder, "server.pem");
  const leaf = new X509Certificate(pem);
  assert.equal(
    leaf.subjectAltName,
    "DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:hub.example.com",
  );
  assert.equal(leaf.publicKey.asymmetricKeyDetails?.modulusLength, 2048);
  assert.deepEqual(leaf.keyUsage, ["1.3.6.1.5.5.7.3.1"]);
  assert.equal(leaf.ca, false);
  assert.ok(leaf.validToDate.getTime() - leaf.validFromDate.getTime() <= 825 * dayMs);
  assert.ok(pem.endsWith(await read(temporary.folder, "ca.pem")), "the CA follows the leaf");
});

test("only the owner can read the keys, and no temporary file stays", async () => {
  await using temporary = await temporaryFolder();
  const folder = join(temporary.folder, "data", "tls");
  await ensureDevelopmentCertificate({ folder, hostNames: ["localhost"] });
  assert.deepEqual((await readdir(folder)).sort(), ["ca-key.pem", "ca.pem", "server-key.pem", "server.pem"]);
  assert.equal(await modeOf(folder), 0o700);
  assert.equal(await modeOf(join(folder, "ca-key.pem")), 0o600);
  assert.equal(await modeOf(join(folder, "server-key.pem")), 0o600);
});

test("a second start changes nothing, and needs no CA key", async () => {
  await using temporary = await temporaryFolder();
  const { folder } = temporary;
  await ensureDevelopmentCertificate({ folder, hostNames: ["localhost", "::1", "Bücher.example"] });
  const before = await read(folder, "server.pem");
  await rm(join(folder, "ca-key.pem"));
  await ensureDevelopmentCertificate({ folder, hostNames: ["LOCALHOST", "0:0::1"] });
  assert.equal(await read(folder, "server.pem"), before);
});

/** Each gets a folder that has a good certificate for localhost, and makes it one that must be renewed. */
const renewals = {
  "a host name is new": { hostNames: ["localhost", "hub.example.com"] },
  "an address is new": { hostNames: ["localhost", "10.1.2.3"] },
  "it ends in less than 30 days": { now: new Date(Date.now() + 794 * dayMs) },
  "its key is another": {
    spoil: async (folder: string) => await copyFile(join(folder, "ca-key.pem"), join(folder, "server-key.pem")),
  },
  "its key is gone": { spoil: async (folder: string) => await rm(join(folder, "server-key.pem")) },
  "it is no certificate": { spoil: async (folder: string) => await writeFile(join(folder, "server.pem"), "") },
  "another CA signed it": {
    spoil: async (folder: string) => {
      await using other = await temporaryFolder();
      await ensureDevelopmentCertificate({ folder: other.folder, hostNames: ["localhost"] });
      for (const name of ["server.pem", "server-key.pem"]) await copyFile(join(other.folder, name), join(folder, name));
    },
  },
};
type Renewal = { hostNames?: string[]; now?: Date; spoil?: (folder: string) => Promise<void> };
for (const [reason, renewal] of Object.entries<Renewal>(renewals)) {
  test(`the server certificate is renewed under the same CA when ${reason}`, async () => {
    await using temporary = await temporaryFolder();
    const { folder } = temporary;
    const hostNames = ["localhost"];
    await ensureDevelopmentCertificate({ folder, hostNames });
    const before = { ca: await read(folder, "ca.pem"), server: await read(folder, "server.pem") };
    await renewal.spoil?.(folder);
    const { spoil: _, ...changed } = renewal;
    await ensureDevelopmentCertificate({ folder, hostNames, ...changed });
    const leaf = new X509Certificate(await read(folder, "server.pem"));
    assert.equal(await read(folder, "ca.pem"), before.ca);
    assert.notEqual(leaf.fingerprint256, new X509Certificate(before.server).fingerprint256);
    assert.ok(leaf.verify(new X509Certificate(before.ca).publicKey));
    assert.ok(leaf.checkPrivateKey(createPrivateKey(await read(folder, "server-key.pem"))));
    assert.equal(await modeOf(join(folder, "server-key.pem")), 0o600);
    for (const name of changed.hostNames ?? []) assert.ok(leaf.checkHost(name) ?? leaf.checkIP(name));
  });
}

test("a CA that has ended is replaced, one near its end bounds the server certificate", async () => {
  await using temporary = await temporaryFolder();
  const { folder } = temporary;
  const hostNames = ["localhost"];
  await ensureDevelopmentCertificate({ folder, hostNames });
  const first = new X509Certificate(await read(folder, "ca.pem"));
  await ensureDevelopmentCertificate({ folder, hostNames, now: new Date(first.validToDate.getTime() - dayMs) });
  assert.equal(new X509Certificate(await read(folder, "ca.pem")).fingerprint256, first.fingerprint256);
  const last = new X509Certificate(await read(folder, "server.pem"));
  assert.equal(last.validTo, first.validTo);
  await ensureDevelopmentCertificate({ folder, hostNames, now: new Date(first.validToDate.getTime() + dayMs) });
  const second = new X509Certificate(await read(folder, "ca.pem"));
  assert.notEqual(second.fingerprint256, first.fingerprint256);
  assert.ok(new X509Certificate(await read(folder, "server.pem")).verify(second.publicKey));
});

test("a CA whose key is missing or wrong is never replaced: the fault is named", async () => {
  await using temporary = await temporaryFolder();
  const { folder } = temporary;
  await ensureDevelopmentCertificate({ folder, hostNames: ["localhost"] });
  const ca = await read(folder, "ca.pem");
  const renew = async () => await ensureDevelopmentCertificate({ folder, hostNames: ["hub.example.com"] });
  await copyFile(join(folder, "server-key.pem"), join(folder, "ca-key.pem"));
  await assert.rejects(renew, /ca-key\.pem is not the key of .*ca\.pem/);
  await writeFile(join(folder, "ca-key.pem"), "no key");
  await assert.rejects(renew, /ca-key\.pem holds no private key/);
  await rm(join(folder, "ca-key.pem"));
  await assert.rejects(renew, /ca-key\.pem is missing/);
  assert.equal(await read(folder, "ca.pem"), ca);
  await chmod(join(folder, "ca.pem"), 0o644);
  await writeFile(join(folder, "ca.pem"), "no certificate");
  await assert.rejects(renew, /ca\.pem holds no certificate/);
});

test("a certificate without a host name is refused", async () => {
  await using temporary = await temporaryFolder();
  await assert.rejects(ensureDevelopmentCertificate({ folder: temporary.folder, hostNames: [] }), /needs a host name/);
});
