import assert from "node:assert/strict";
import { test } from "node:test";
import { HubError } from "../../../../core/hub-error.ts";
import { firstEtag, nextEtag } from "../../../../core/twin/etag.ts";

const etagOf = (counter: bigint): string => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(counter);
  return bytes.toString("base64");
};

// spec/http-api 3.2: base64 of an 8-byte big-endian counter
test("The first etag is 1, the second 2", () => {
  assert.equal(firstEtag, etagOf(1n));
  assert.equal(nextEtag(firstEtag), "AAAAAAAAAAI=");
});

test("The counter carries over from byte to byte and wraps at its end", () => {
  for (const counter of [0n, 62n, 63n, 254n, 255n, 256n, 65_535n, 2n ** 32n - 1n, 2n ** 53n, 2n ** 64n - 2n]) {
    assert.equal(nextEtag(etagOf(counter)), etagOf(counter + 1n), String(counter));
  }
  assert.equal(nextEtag(etagOf(2n ** 64n - 1n)), etagOf(0n));
});

test("A text that is no counter is refused", () => {
  for (const text of ["", "abc", "AAAAAAAAAAE", "AAAAAAAAAAAE=", "AAAAAAAAA*E="]) {
    assert.throws(
      () => nextEtag(text),
      (error) => error instanceof HubError && error.reason === "ServerError",
    );
  }
});
