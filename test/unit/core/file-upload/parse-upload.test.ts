import assert from "node:assert/strict";
import { test } from "node:test";
import { blobNameIn, completionIn, correlationIdIn } from "../../../../core/file-upload/parse-upload.ts";
import type { JsonObject } from "../../../../core/json.ts";
import { refusal } from "../../../support/memory-hub.ts";

// spec/messaging 8.1, spec/http-api 1.2
test("a blob is named after its device, slashes kept, whatever case the member has", () => {
  assert.equal(blobNameIn({ blobName: "dir/name.txt" }, "dev-1"), "dev-1/dir/name.txt");
  assert.equal(blobNameIn({ BLOBNAME: "a b", other: 1 }, "dev-1"), "dev-1/a b");
  assert.equal(blobNameIn({ blobName: "/tmp/ü?#%" }, "dev#1"), "dev#1//tmp/ü?#%");
});

// Azure docs: naming blobs
test("a name that no storage account takes, or that a URL would make another blob of, is refused", () => {
  const longest = "x".repeat(1018);
  assert.equal(blobNameIn({ blobName: longest }, "dev-1").length, 1024);
  const names = [
    `${longest}x`,
    "a/".repeat(254).concat("b"),
    ".",
    "..",
    "../dev-2/name",
    "a/../../dev-2/name",
    "a/./b",
    "%2e%2E/dev-2/name",
    "name.",
    "name/",
    "..\\dev-2\\name",
    "a\u0000b",
    "a\nb",
    "a\u0085b",
    "a\ud800",
    1,
    {},
    [],
    true,
  ];
  for (const blobName of names) {
    assert.throws(() => blobNameIn({ blobName }, "dev-1"), refusal("ArgumentInvalid"), JSON.stringify(blobName));
  }
  // A device's id may be made of dots.
  assert.throws(() => blobNameIn({ blobName: "uploads/name" }, ".."), refusal("ArgumentInvalid"));
  for (const body of [{}, { blobName: "" }, { blobName: null }] as readonly JsonObject[]) {
    assert.throws(() => blobNameIn(body, "dev-1"), refusal("ArgumentNull"));
  }
});

// spec/messaging 8.2
test("a completion may leave out all but whether the upload went well", () => {
  const silent = { statusCode: null, statusDescription: null };
  assert.deepEqual(completionIn({ isSuccess: true }), { isSuccess: true, ...silent });
  assert.deepEqual(completionIn({ isSuccess: false, ...silent }), { isSuccess: false, ...silent });
  assert.deepEqual(completionIn({ IsSuccess: false, StatusCode: -1, statusDescription: "" }), {
    isSuccess: false,
    statusCode: -1,
    statusDescription: "",
  });
});

// spec/http-api 11.3, 400019
test("a completion that makes no sense is refused by its own error", () => {
  const bodies: readonly JsonObject[] = [
    {},
    { isSuccess: null },
    { isSuccess: "true" },
    { isSuccess: 1 },
    { isSuccess: true, statusCode: "200" },
    { isSuccess: true, statusCode: 1.5 },
    { isSuccess: true, statusCode: 1e300 },
    { isSuccess: true, statusDescription: {} },
  ];
  for (const body of bodies) {
    assert.throws(() => completionIn(body), refusal("InvalidFileUploadCompletionStatus"), JSON.stringify(body));
  }
});

test("the beginning of a long description is kept, in one piece", () => {
  const kept = completionIn({ isSuccess: false, statusDescription: `${"x".repeat(1023)}😀` }).statusDescription ?? "";
  assert.equal(kept.length, 1024);
  assert.ok(kept.isWellFormed());
});

// spec/messaging 8.2, spec/http-api 11.3, 400015
test("a body without a correlation id is of no upload", () => {
  assert.equal(correlationIdIn({ correlationid: "c" }), "c");
  for (const body of [{}, { correlationId: null }, { correlationId: 7 }] as readonly JsonObject[]) {
    assert.throws(() => correlationIdIn(body), refusal("InvalidFileUploadCorrelationId"));
  }
});
