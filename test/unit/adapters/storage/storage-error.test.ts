import assert from "node:assert/strict";
import { test } from "node:test";
import { hubErrorOf, storageFailure } from "../../../../adapters/storage/storage-error.ts";

const failed = (members: object) => storageFailure(Object.assign(new Error("with a signature: s3cret"), members));

// spec/messaging 8.1, 10
test("an account that refuses the hub is a fault of the set-up, one out of reach passes", () => {
  const refusals: readonly (readonly [object, string])[] = [
    [{ statusCode: 403, code: "AuthenticationFailed" }, "InvalidStorageEndpointOrBlob"],
    [{ statusCode: 403, code: "KeyBasedAuthenticationNotPermitted" }, "InvalidStorageEndpointOrBlob"],
    [{ statusCode: 404, code: "ResourceNotFound" }, "InvalidStorageEndpointOrBlob"],
    [{ statusCode: 400, code: "InvalidResourceName" }, "InvalidStorageEndpointOrBlob"],
    [{ statusCode: 409, code: "ContainerBeingDeleted" }, "ServiceUnavailable"],
    [{ statusCode: 408 }, "ServiceUnavailable"],
    [{ statusCode: 429 }, "ServiceUnavailable"],
    [{ statusCode: 503, code: "ServerBusy" }, "ServiceUnavailable"],
    [{ code: "ECONNREFUSED" }, "ServiceUnavailable"],
    [{ code: "ENOTFOUND" }, "ServiceUnavailable"],
    [{ name: "AbortError" }, "ServiceUnavailable"],
  ];
  for (const [members, reason] of refusals) assert.equal(hubErrorOf(failed(members)).reason, reason);
});

test("status and code are told, and nothing that may hold a signature", () => {
  const failure = failed({ statusCode: 403, code: "AuthenticationFailed", request: { headers: "s3cret" } });
  assert.deepEqual(failure, { status: 403, code: "AuthenticationFailed" });
  const error = hubErrorOf(failure);
  assert.deepEqual(error.detail, failure);
  assert.equal(error.cause, undefined);
  assert.doesNotMatch(error.message, /s3cret/);
  assert.deepEqual(failed({ statusCode: 404, details: { errorCode: "BlobNotFound" } }), {
    status: 404,
    code: "BlobNotFound",
  });
  assert.deepEqual(storageFailure("no error at all"), {});
  assert.deepEqual(failed({ name: "AbortError" }), { code: "AbortError" });
});
