import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRegistryJob } from "../../../../core/registry-job/parse-registry-job.ts";
import { refusal } from "../../../support/memory-hub.ts";
import { exporting, importing, inputUri, outputUri } from "./job-fixture.ts";

// spec/http-api 2.6
test("the blobs have the names of the documentation unless others are given", () => {
  assert.deepEqual(parseRegistryJob({ ...exporting, excludeKeysInExport: true }), {
    type: "export",
    outputUri,
    devicesBlobName: "devices.txt",
    configurationsBlobName: null,
    excludeKeys: true,
  });
  assert.deepEqual(parseRegistryJob({ ...importing, Type: "Import", includeConfigurations: true }), {
    type: "import",
    inputUri,
    outputUri,
    devicesBlobName: "devices.txt",
    configurationsBlobName: "configurations.txt",
  });
  const named = { ...exporting, outputBlobName: "a/b.txt", includeConfigurations: true, configurationsBlobName: "c" };
  const { devicesBlobName, configurationsBlobName } = parseRegistryJob(named);
  assert.deepEqual([devicesBlobName, configurationsBlobName], ["a/b.txt", "c"]);
});

test("what is missing or can't be is refused", () => {
  const { type: _type, ...untyped } = exporting;
  const { inputBlobContainerUri: _input, ...withoutInput } = importing;
  const { outputBlobContainerUri: _output, ...withoutOutput } = importing;
  for (const body of [untyped, withoutInput, withoutOutput]) {
    assert.throws(() => parseRegistryJob(body), refusal("ArgumentNull"));
  }
  const bad = [
    { type: "scheduleUpdateTwin" },
    { storageAuthenticationType: "IdentityBased" },
    { excludeKeysInExport: "yes" },
    { outputBlobContainerUri: `https://a.test/${"x".repeat(3_000)}` },
    ...["../other/devices.txt", "a/../../b", "a\\b", "a\u0000", "a//b", "./a", "x".repeat(1_025)].map(
      (outputBlobName) => ({
        outputBlobName,
      }),
    ),
  ];
  for (const change of bad) {
    assert.throws(
      () => parseRegistryJob({ ...exporting, ...change }),
      refusal("ArgumentInvalid"),
      JSON.stringify(change),
    );
  }
});
