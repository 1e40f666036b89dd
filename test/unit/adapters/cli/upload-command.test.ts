import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CommandError } from "../../../../adapters/cli/command.ts";
import { uploadCommand } from "../../../../adapters/cli/commands/upload.ts";
import { ensureDevelopmentCertificate } from "../../../../adapters/tls/dev-ca.ts";
import { hubTlsOptions } from "../../../../adapters/tls/tls-options.ts";
import type { UploadState } from "../../../../core/file-upload/file-uploads.ts";
import { temporaryFolder } from "../../../support/views.ts";
import { openHttp } from "../http/http-fixture.ts";

const startedTime = "2026-03-01T12:00:00.000Z";
const endedTime = "2026-03-01T12:00:05.000Z";
const uploads: readonly UploadState[] = [
  { correlationId: "1", blobName: "d/a", startedTime, state: "Completed", endedTime, blobSizeInBytes: 7 },
  {
    correlationId: "2",
    blobName: "d/b",
    startedTime,
    state: "Failed",
    endedTime,
    statusCode: -1,
    statusDescription: "no\u001b[2Jnet",
  },
  { correlationId: "3", blobName: "d/c", startedTime, state: "Expired", endedTime },
  { correlationId: "4", blobName: "d/d e", startedTime, state: "InProgress", expiresAt: "2026-03-01T13:00:00.000Z" },
];

test("upload list shows what a device uploaded, is uploading, and failed to", async (t) => {
  const folder = temporaryFolder(t);
  const { certFile, keyFile } = await ensureDevelopmentCertificate({ folder, hostNames: ["localhost"] });
  const tls = hubTlsOptions({ cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") });
  await using hub = await openHttp(
    { "fileUploads.list": () => uploads },
    { tls: { options: () => tls, onChange: () => {} } },
  );
  const port = await hub.http.listen({ host: "127.0.0.1", port: 0 });
  const environment = {
    IOTHUB_CONNECTION_STRING: "HostName=localhost;SharedAccessKeyName=service;SharedAccessKey=AAAA",
    TWINSTREAM_HTTPS_PORT: String(port),
    NODE_EXTRA_CA_CERTS: join(folder, "ca.pem"),
  };
  const run = async (words: readonly string[], flags: Record<string, boolean> = {}): Promise<string> => {
    const lines: string[] = [];
    const print = (line: string) => void lines.push(line);
    await uploadCommand.run({ words, flags, environment, print, signal: t.signal });
    return lines.join("\n");
  };
  assert.deepEqual((await run(["list", "d#1"])).split("\n"), [
    "BLOB   STATE       STARTED                   ENDED                           RESULT",
    "d/a    Completed   2026-03-01T12:00:00.000Z  2026-03-01T12:00:05.000Z        7 bytes",
    "d/b    Failed      2026-03-01T12:00:00.000Z  2026-03-01T12:00:05.000Z        -1 no\\u001b[2Jnet",
    "d/c    Expired     2026-03-01T12:00:00.000Z  2026-03-01T12:00:05.000Z",
    "d/d e  InProgress  2026-03-01T12:00:00.000Z  until 2026-03-01T13:00:00.000Z",
  ]);
  assert.deepEqual(hub.only("fileUploads.list"), ["d#1"]);
  assert.deepEqual(JSON.parse(await run(["list", "d"], { json: true })), uploads);
  await assert.rejects(run(["show", "d"]), CommandError);
  await assert.rejects(run(["list"]), CommandError);
});
