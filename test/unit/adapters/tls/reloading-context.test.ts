import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { copyFile, mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type tls from "node:tls";
import pino from "pino";
import { ensureDevelopmentCertificate } from "../../../../adapters/tls/dev-ca.ts";
import type { KeyPairFiles } from "../../../../adapters/tls/key-pair.ts";
import { openTlsContext } from "../../../../adapters/tls/reloading-context.ts";
import type { HubTlsOptions } from "../../../../adapters/tls/tls-options.ts";
import { handshake, startServer, temporaryFolder } from "./tls-fixture.ts";

const host = "127.0.0.1";
const timeout = 20_000;

/** Folder with the pairs `one/` and `two/`, and `live/` that starts as a copy of `one/`. */
async function pairs(t: TestContext) {
  const { folder, ...temporary } = await temporaryFolder();
  t.after(() => temporary[Symbol.asyncDispose]());
  const at = (pair: string): KeyPairFiles => ({
    certFile: join(folder, pair, "server.pem"),
    keyFile: join(folder, pair, "server-key.pem"),
  });
  await ensureDevelopmentCertificate({ folder: join(folder, "one"), hostNames: ["localhost"] });
  await ensureDevelopmentCertificate({ folder: join(folder, "two"), hostNames: ["localhost"] });
  await mkdir(join(folder, "live"));
  const replace = async (from: string, to: string) => {
    await copyFile(from, `${to}.new`);
    await rename(`${to}.new`, to);
  };
  await replace(at("one").certFile, at("live").certFile);
  await replace(at("one").keyFile, at("live").keyFile);
  const fingerprint = async (pair: string) => new X509Certificate(await readFile(at(pair).certFile)).fingerprint256;
  return { folder, at, replace, one: await fingerprint("one"), two: await fingerprint("two") };
}

/** A log that keeps what it is told; `warned` settles at the first warning. */
function keepingLog() {
  const { promise: warned, resolve } = Promise.withResolvers<{ err?: unknown }>();
  const lines: string[] = [];
  const info = (_: object, text: string) => void lines.push(text);
  const warn = (fields: object, text: string) => {
    lines.push(`${text} ${"err" in fields ? String(fields.err) : ""}`);
    resolve(fields);
  };
  return { log: { info, warn }, lines, warned };
}

test("replaced files reach new connections without a restart", { timeout }, async (t) => {
  const { at, replace, one, two } = await pairs(t);
  await using context = await openTlsContext(at("live"), { log: pino({ level: "silent" }) });
  await using listening = await startServer({ options: context.options(), host });
  const connect = async () => await handshake({ host, port: listening.port, rejectUnauthorized: false });
  assert.equal((await connect()).fingerprint256, one);

  const changed = new Promise<HubTlsOptions>((resolve) => {
    context.onChange((options) => {
      listening.server.setSecureContext(options);
      resolve(options);
    });
  });
  await replace(at("two").keyFile, at("live").keyFile);
  await replace(at("two").certFile, at("live").certFile);
  assert.equal(await changed, context.options());
  assert.equal((await connect()).fingerprint256, two);
});

test("a link that is turned to another folder is followed", { timeout }, async (t) => {
  const { folder, two } = await pairs(t);
  const mount = join(folder, "mount");
  await mkdir(mount);
  await symlink(join("..", "one"), join(mount, "..data"));
  for (const name of ["server.pem", "server-key.pem"]) await symlink(join("..data", name), join(mount, name));
  const files = { certFile: join(mount, "server.pem"), keyFile: join(mount, "server-key.pem") };
  await using context = await openTlsContext(files, keepingLog());
  const changed = new Promise<HubTlsOptions>((resolve) => context.onChange(resolve));
  await symlink(join("..", "two"), join(mount, "..data_tmp"));
  await rename(join(mount, "..data_tmp"), join(mount, "..data"));
  assert.equal(new X509Certificate((await changed).cert as string).fingerprint256, two);
});

test("a pair that doesn't fit is refused and the one in use stays", { timeout }, async (t) => {
  const { at, replace, one, two } = await pairs(t);
  const { log, lines, warned } = keepingLog();
  await using context = await openTlsContext(at("live"), { log });
  await using listening = await startServer({ options: context.options(), host });
  const connect = async () => await handshake({ host, port: listening.port, rejectUnauthorized: false });
  const changed = new Promise<void>((resolve) => {
    context.onChange((options) => {
      listening.server.setSecureContext(options);
      resolve();
    });
  });
  await replace(at("two").certFile, at("live").certFile);
  assert.match(String((await warned).err), /server-key\.pem is not the key of the first certificate in .*server\.pem/);
  assert.equal((await connect()).fingerprint256, one);
  assert.equal(new X509Certificate(context.options().cert as string).fingerprint256, one);

  await replace(at("two").keyFile, at("live").keyFile);
  await changed;
  assert.equal((await connect()).fingerprint256, two);
  const secret = (await readFile(at("two").keyFile, "utf8")).split("\n")[1] ?? "";
  assert.ok(!lines.join("\n").includes(secret), "no key material in the log");
});

test("a listener that fails does not keep the change from the others", { timeout }, async (t) => {
  const { at, replace } = await pairs(t);
  const { log, lines } = keepingLog();
  await using context = await openTlsContext(at("live"), { log });
  context.onChange(() => {
    throw new Error("listener fault");
  });
  const changed = new Promise<HubTlsOptions>((resolve) => context.onChange(resolve));
  await replace(at("two").keyFile, at("live").keyFile);
  await replace(at("two").certFile, at("live").certFile);
  await changed;
  assert.ok(lines.some((line) => line.includes("listener fault")));
});

test("a first pair that is bad is refused, and the file named", async (t) => {
  const { at } = await pairs(t);
  const live = at("live");
  const open = async (files: KeyPairFiles) => await openTlsContext(files, keepingLog());
  await assert.rejects(open({ ...live, keyFile: at("two").keyFile }), /two\/server-key\.pem is not the key of/);
  await assert.rejects(open({ ...live, certFile: live.keyFile }), /server-key\.pem does not begin with a PEM cert/);
  await assert.rejects(open({ ...live, keyFile: live.certFile }), /server\.pem holds no PEM private key/);
  await rm(live.keyFile);
  await assert.rejects(open(live), { code: "ENOENT", path: live.keyFile });
  await writeFile(live.keyFile, await encrypted(at("one").keyFile));
  await assert.rejects(open(live), /server-key\.pem is encrypted/);
});

async function encrypted(keyFile: string) {
  const key = createPrivateKey(await readFile(keyFile));
  return key.export({ format: "pem", type: "pkcs8", cipher: "aes-256-cbc", passphrase: "test" });
}

test("TLS 1.2 and 1.3 are spoken, 1.1 and weak suites refused", { timeout }, async (t) => {
  const { at } = await pairs(t);
  await using context = await openTlsContext(at("live"), keepingLog());
  await using listening = await startServer({ options: context.options(), host });
  const connect = async (options: tls.ConnectionOptions) =>
    await handshake({ host, port: listening.port, rejectUnauthorized: false, ...options });
  assert.equal((await connect({})).protocol, "TLSv1.3");
  const suites = ["AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES128-SHA256", "AES256-SHA384"];
  for (const ciphers of suites.map((suite) => `ECDHE-RSA-${suite}`)) {
    const { protocol, cipher } = await connect({ maxVersion: "TLSv1.2", ciphers });
    assert.deepEqual({ protocol, cipher }, { protocol: "TLSv1.2", cipher: ciphers });
  }
  const old = { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
  await assert.rejects(connect(old), { code: "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION" });
  for (const ciphers of ["AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA"]) {
    await assert.rejects(connect({ maxVersion: "TLSv1.2", ciphers }), {
      code: "ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE",
    });
  }
});

test("a client certificate is seen by the hub and not required", { timeout }, async (t) => {
  const { at, two } = await pairs(t);
  await using context = await openTlsContext(at("live"), keepingLog());
  await using listening = await startServer({ options: context.options(), host });
  const seenBy = async (options: tls.ConnectionOptions) => {
    const accepted = new Promise<tls.TLSSocket>((resolve) => listening.server.once("secureConnection", resolve));
    await handshake({ host, port: listening.port, rejectUnauthorized: false, ...options });
    return (await accepted).getPeerX509Certificate()?.fingerprint256;
  };
  assert.equal(await seenBy({}), undefined);
  const own = { cert: await readFile(at("two").certFile), key: await readFile(at("two").keyFile) };
  assert.equal(await seenBy(own), two);
  assert.equal(await seenBy({ ...own, maxVersion: "TLSv1.2" }), two);
});
