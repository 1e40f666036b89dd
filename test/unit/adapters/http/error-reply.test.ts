import assert from "node:assert/strict";
import { test } from "node:test";
import { asHubError, errorReply } from "../../../../adapters/http/error-reply.ts";
import { errorTable, HubError, type Reason } from "../../../../core/hub-error.ts";

const requestId = "0123abcd-4567-89ab-cdef-0123456789ab";
const now = new Date("2026-03-04T05:06:07.890Z");

// spec/http-api 11.1
test("an error is form A, with the request's guid as tracking id", () => {
  const { status, headers, body } = errorReply(new HubError("DeviceNotFound", "dev-1"), requestId, now);
  assert.equal(status, 404);
  assert.deepEqual(headers, {
    "content-type": "application/json; charset=utf-8",
    "iothub-errorcode": "DeviceNotFound",
  });
  assert.equal(
    body,
    '{"Message":"ErrorCode:DeviceNotFound;dev-1","ExceptionMessage":"Tracking ID:0123abcd456789abcdef0123456789ab-G:0-TimeStamp:03/04/2026 05:06:07"}',
  );
});

// spec/http-api 11.3
test("the status is the first three digits of the code, for every error there is", () => {
  for (const [reason, { code }] of Object.entries(errorTable)) {
    assert.equal(errorReply(new HubError(reason as Reason, ""), requestId, now).status, Math.floor(code / 1000));
  }
});

// spec/http-api 11.1: Node splits at the semicolon
test("a text loses its semicolons and control characters and is cut at 1000 characters", () => {
  const { body } = errorReply(new HubError("ArgumentInvalid", `a;b;\n\u0000c${"x".repeat(5000)}`), requestId, now);
  const { Message } = JSON.parse(body) as { Message: string };
  assert.match(Message, /^ErrorCode:ArgumentInvalid;a,b, {2}cx+$/);
  assert.equal(Message.length, "ErrorCode:ArgumentInvalid;".length + 1000);
});

// spec/http-api 1.4
test("every 401 says Unauthorized and nothing else", () => {
  for (const reason of ["IotHubUnauthorizedAccess", "IotHubUnauthorized"] as const) {
    const { body } = errorReply(new HubError(reason, "the key of dev-1 does not match"), requestId, now);
    assert.ok(body.startsWith(`{"Message":"ErrorCode:${reason};Unauthorized","ExceptionMessage"`));
  }
});

test("an error of the hub's own making shows nothing of itself and keeps its cause for the log", () => {
  const bug = new TypeError("secret is not a function");
  const error = asHubError(bug);
  assert.equal(error.reason, "ServerError");
  assert.equal(error.cause, bug);
  assert.doesNotMatch(errorReply(error, requestId, now).body, /secret/);
  assert.equal(asHubError("thrown text").reason, "ServerError");
});

test("what the HTTP server refuses by itself becomes an error of the table", () => {
  const withStatus = (statusCode: number) => asHubError(Object.assign(new Error("x"), { statusCode })).reason;
  assert.equal(withStatus(400), "GenericBadRequest");
  assert.equal(withStatus(413), "MessageTooLarge");
  assert.equal(withStatus(415), "GenericUnsupportedMediaType");
  assert.equal(withStatus(500), "ServerError");
});
