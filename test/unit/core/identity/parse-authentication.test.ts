import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDevice } from "../../../../core/identity/parse-identity.ts";
import type { JsonObject } from "../../../../core/json.ts";
import { refusal } from "../../../support/memory-hub.ts";
import { keyA, keyB, symmetric, thumbprintA, thumbprintB } from "./identity-fixture.ts";

const parse = (authentication: JsonObject | null) => parseDevice({ authentication }, "dev-1").authentication;
const refuses = (authentication: JsonObject, message?: RegExp) =>
  assert.throws(() => parse(authentication), refusal("ArgumentInvalid", message));

// spec/identity-and-security 1.3
test("keys are taken as they are", () => {
  const symmetricKey = { primaryKey: keyA, secondaryKey: keyB };
  assert.deepEqual(parse({ type: "sas", symmetricKey }), symmetric(keyA, keyB));
  assert.deepEqual(
    parse({ type: "SAS", SymmetricKey: { PrimaryKey: keyA, secondarykey: keyB } }),
    symmetric(keyA, keyB),
  );
});

test("empty, null and missing keys are to be generated", () => {
  const toGenerate = symmetric(null, null);
  assert.deepEqual(parse({}), toGenerate);
  assert.deepEqual(parse({ type: "sas", symmetricKey: null }), toGenerate);
  assert.deepEqual(parse({ type: "sas", symmetricKey: { primaryKey: "", secondaryKey: null } }), toGenerate);
  assert.equal(parse(null), undefined);
});

test("one key alone is refused", () => {
  const text = /^Either both primary and secondary keys must be specified or neither one/;
  refuses({ symmetricKey: { primaryKey: keyA } }, text);
  refuses({ symmetricKey: { primaryKey: "", secondaryKey: keyA } }, text);
});

test("a key is base64 of 16 to 64 bytes", () => {
  const ofSize = (bytes: number) => Buffer.alloc(bytes, 1).toString("base64");
  const both = (key: string) => ({ symmetricKey: { primaryKey: key, secondaryKey: key } });
  for (const size of [16, 17, 18, 36, 63, 64]) assert.ok(parse(both(ofSize(size))), `${size} bytes`);
  for (const size of [1, 15, 65, 66]) refuses(both(ofSize(size)));
  for (const bad of ["not base64!", keyA.slice(0, -1), `${keyA}\n`, keyA.replace("=", "-"), `=${keyA}`])
    refuses(both(bad));
});

test("a refusal does not repeat the key", () => {
  const primaryKey = "c2VjcmV0";
  assert.throws(
    () => parse({ symmetricKey: { primaryKey, secondaryKey: primaryKey } }),
    (error: Error) => !JSON.stringify([error.message, error]).includes(primaryKey),
  );
});

// spec/identity-and-security 8.1
test("a thumbprint means selfSigned when no type is given, and keeps its case", () => {
  const x509Thumbprint = { primaryThumbprint: thumbprintA, secondaryThumbprint: thumbprintB.toLowerCase() };
  const expected = { ...symmetric(null, null), type: "selfSigned", x509Thumbprint };
  assert.deepEqual(parse({ x509Thumbprint }), expected);
  assert.deepEqual(
    parse({ type: "SelfSigned", x509Thumbprint, symmetricKey: { primaryKey: "", secondaryKey: "" } }),
    expected,
  );
});

test("one thumbprint is enough, of SHA-1 or SHA-256, but not one of each", () => {
  const sha256 = "0".repeat(64);
  assert.ok(parse({ type: "selfSigned", x509Thumbprint: { primaryThumbprint: sha256 } }));
  assert.ok(parse({ type: "selfSigned", x509Thumbprint: { secondaryThumbprint: thumbprintA } }));
  refuses({ x509Thumbprint: { primaryThumbprint: thumbprintA, secondaryThumbprint: sha256 } });
  refuses({ x509Thumbprint: { primaryThumbprint: "AA:BB" } });
  refuses({ x509Thumbprint: { primaryThumbprint: "g".repeat(40) } });
});

test("credentials that are not of the type are refused", () => {
  const symmetricKey = { primaryKey: keyA, secondaryKey: keyB };
  const x509Thumbprint = { primaryThumbprint: thumbprintA };
  refuses({ type: "sas", symmetricKey, x509Thumbprint });
  refuses({ symmetricKey, x509Thumbprint });
  for (const type of ["selfSigned", "certificateAuthority", "none"]) refuses({ type, symmetricKey });
  for (const type of ["sas", "certificateAuthority", "none"]) refuses({ type, x509Thumbprint });
  refuses({ type: "selfSigned" });
  assert.equal(parse({ type: "certificateAuthority" })?.type, "certificateAuthority");
  assert.equal(parse({ type: "none", symmetricKey: { primaryKey: null, secondaryKey: null } })?.type, "none");
});

test("what is not of the right form is refused", () => {
  for (const authentication of [{ type: 1 }, { type: "x" }, { symmetricKey: "x" }, { x509Thumbprint: [] }]) {
    refuses(authentication);
  }
  assert.throws(() => parseDevice({ authentication: "sas" }, "dev-1"), refusal("ArgumentInvalid"));
});
