import assert from "node:assert/strict";
import { test } from "node:test";
import type { Authentication } from "../../../../core/identity/authentication.ts";
import { losesCredential } from "../../../../core/identity/credential-change.ts";
import { symmetric, thumbprintA, thumbprintB } from "./identity-fixture.ts";

const byThumbprint = (primaryThumbprint: string | null, secondaryThumbprint: string | null): Authentication => ({
  type: "selfSigned",
  symmetricKey: { primaryKey: null, secondaryKey: null },
  x509Thumbprint: { primaryThumbprint, secondaryThumbprint },
});

// spec/identity-and-security 2
const cases: readonly [string, Authentication, Authentication, boolean][] = [
  ["the same keys", symmetric("p", "s"), symmetric("p", "s"), false],
  ["exchanged keys", symmetric("p", "s"), symmetric("s", "p"), false],
  ["another primary key", symmetric("p", "s"), symmetric("new", "s"), true],
  ["another secondary key", symmetric("p", "s"), symmetric("p", "new"), true],
  ["another type", symmetric("p", "s"), byThumbprint(thumbprintA, null), true],
  ["a thumbprint more", byThumbprint(thumbprintA, null), byThumbprint(thumbprintA, thumbprintB), false],
  ["a thumbprint less", byThumbprint(thumbprintA, thumbprintB), byThumbprint(thumbprintB, null), true],
  ["a thumbprint in lower case", byThumbprint(thumbprintA, null), byThumbprint(thumbprintA.toLowerCase(), null), false],
];

for (const [name, before, after, expected] of cases) {
  test(`${name} ${expected ? "ends" : "keeps"} what a live connection proved`, () => {
    assert.equal(losesCredential(before, after), expected);
  });
}
