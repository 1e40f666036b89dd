import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSasToken, validUntilMs } from "../../../../core/access/sas-token.ts";
import { createVerifyToken } from "../../../../core/access/verify-token.ts";
import { memoryHub, refusal } from "../../../support/memory-hub.ts";
import { otherKey, vectorKey } from "./access-fixture.ts";

const refuses = (text: string | undefined, message: string) =>
  assert.throws(() => parseSasToken(text), refusal("IotHubUnauthorizedAccess", message), text);

// spec/identity-and-security 5.1: the orders in which SDKs and docs send the fields
for (const fields of [
  ["sr=h", "sig=c2ln", "skn=p", "se=60"],
  ["sr=h", "sig=c2ln", "se=60", "skn=p"],
  ["sig=c2ln", "se=60", "skn=p", "sr=h"],
  ["SIG=c2ln", "Se=60", "sKn=p", "SR=h", "extra=1"],
]) {
  test(`a token is read with its fields as ${fields.join(", ")}`, () => {
    assert.deepEqual(parseSasToken(`SharedAccessSignature ${fields.join("&")}`), {
      resource: "h",
      signature: "c2ln",
      expiry: "60",
      expirySeconds: 60,
      policy: "p",
    });
  });
}

test("sr stays as it was sent, the other fields are decoded", () => {
  const token = parseSasToken("SharedAccessSignature sr=h%2Fdevices%2fa%2525&sig=a%2Bb%2F%3D&se=60&skn=my%20policy");
  assert.equal(token.resource, "h%2Fdevices%2fa%2525");
  assert.equal(token.signature, "a+b/=");
  assert.equal(token.policy, "my policy");
});

test("an empty skn is none", () => {
  assert.equal(parseSasToken("SharedAccessSignature sr=h&sig=s&se=60&skn=").policy, undefined);
});

test("an unescaped signature is understood: its = and /, and a + that became a space", () => {
  assert.equal(parseSasToken("SharedAccessSignature sr=h&sig=a/b+c=&se=60").signature, "a/b+c=");
  assert.equal(parseSasToken("SharedAccessSignature sr=h&sig=a%20b%3D&se=60").signature, "a+b=");
});

test("a token that is not there, not of the form, or too long is refused", () => {
  refuses(undefined, "Authorization header missing");
  refuses("", "Authorization header missing");
  for (const text of [
    "Bearer abc",
    "sharedaccesssignature sr=h&sig=s&se=60",
    "SharedAccessSignature",
    "SharedAccessSignature ",
    " SharedAccessSignature sr=h&sig=s&se=60",
    "SharedAccessSignature sr=h&sig=s&se=60 more",
    "SharedAccessSignature sr=h&sig=s&se=60&flag",
    "SharedAccessSignature sr=h&sr=g&sig=s&se=60",
    "SharedAccessSignature sr=h&sig=%zz&se=60",
    "SharedAccessSignature sr=h&sig=%ff&se=60",
    `SharedAccessSignature sr=${"h".repeat(4096)}&sig=s&se=60`,
  ]) {
    refuses(text, "Malformed signature");
  }
});

test("a missing field is named", () => {
  refuses("SharedAccessSignature sig=s&se=60", "Missing field: sr");
  refuses("SharedAccessSignature sr=h&se=60", "Missing field: sig");
  refuses("SharedAccessSignature sr=h&sig=&se=60", "Missing field: sig");
  refuses("SharedAccessSignature sr=h&sig=s", "Missing field: se");
});

test("an expiry is seconds since 1970, and ends five minutes later", () => {
  const expiring = (se: string) => parseSasToken(`SharedAccessSignature sr=h&sig=s&se=${se}`);
  assert.equal(validUntilMs(expiring("1893456000")), 1893456000_000 + 300_000);
  assert.equal(validUntilMs(expiring("1893456000.25")), 1893456000_250 + 300_000);
  for (const se of ["-1", "1e9", "0x10", "soon", "1".repeat(13), "%20"]) {
    refuses(`SharedAccessSignature sr=h&sig=s&se=${se}`, "Malformed field: se");
  }
});

// spec/identity-and-security 5.2: the test vectors
for (const [name, token] of [
  ["an encoded sr", "sr=hub1.azure-devices.net%2Fdevices%2Fdev-1&sig=cbtcjBQh7q7nxs4QMvijTpPDXFFiKh3lGgwl%2FhluYJM%3D"],
  ["a raw sr", "sr=hub1.azure-devices.net/devices/dev-1&sig=Rr2aXwjMjtyHMVwpQN8A0U%2BSx5qo%2BubpMbfK0QLobWw%3D"],
  [
    "a module's sr",
    "sr=hub1.azure-devices.net%2Fdevices%2Fdev-1%2Fmodules%2Fm1&sig=Up02v3Ra3LAcHdK6ONg3zwSkN%2BNb%2FSc%2FxZlYO1SbrfA%3D",
  ],
  [
    "a policy's token, whose skn is not signed",
    "sr=hub1.azure-devices.net&skn=service&sig=USkrBpWPimOkPm9A1WHMk4hWF6VXQI%2FTVNfxBYq3IT8%3D",
  ],
] as const) {
  test(`the signature of ${name} is checked against both keys`, () => {
    const { secrets, clock } = memoryHub();
    const verify = createVerifyToken({ secrets, clock });
    const [right, wrong] = [secrets.seal(vectorKey), secrets.seal(otherKey)];
    const parsed = parseSasToken(`SharedAccessSignature ${token}&se=1893456000`);
    verify(parsed, { primaryKey: right, secondaryKey: wrong });
    verify(parsed, { primaryKey: wrong, secondaryKey: right });
    const text =
      "The specified SAS token has an invalid signature. It does not match either the primary or secondary key.";
    const invalid = refusal("IotHubUnauthorizedAccess", text);
    assert.throws(() => verify(parsed, { primaryKey: wrong, secondaryKey: wrong }), invalid);
    assert.throws(() => verify(parsed, { primaryKey: null, secondaryKey: null }), invalid);
    assert.throws(() => verify(parsed, undefined), invalid);
    assert.throws(
      () => verify({ ...parsed, expiry: "1893456001" }, { primaryKey: right, secondaryKey: right }),
      invalid,
    );
  });
}

// spec/identity-and-security 5.3
test("a token is expired five minutes after its se", () => {
  const { secrets, clock } = memoryHub();
  const verify = createVerifyToken({ secrets, clock });
  const sealed = secrets.seal(vectorKey);
  const seconds = 1_700_000_000;
  const sig = encodeURIComponent(secrets.sign(vectorKey, `h\n${seconds}`));
  const token = parseSasToken(`SharedAccessSignature sr=h&sig=${sig}&se=${seconds}`);
  const keys = { primaryKey: sealed, secondaryKey: sealed };
  clock.nowMs = (seconds + 300) * 1000;
  verify(token, keys);
  clock.nowMs += 1;
  assert.throws(() => verify(token, keys), refusal("IotHubUnauthorizedAccess", "The specified SAS token is expired"));
});

test("keys that are not there cost as many HMACs as wrong ones", () => {
  const { secrets, clock } = memoryHub();
  let signed = 0;
  const sign = (key: string, text: string): string => {
    signed += 1;
    return secrets.sign(key, text);
  };
  const verify = createVerifyToken({ secrets: { ...secrets, sign }, clock });
  const token = parseSasToken("SharedAccessSignature sr=h&sig=s&se=1893456000");
  const wrong = secrets.seal(otherKey);
  for (const keys of [
    undefined,
    { primaryKey: null, secondaryKey: null },
    { primaryKey: wrong, secondaryKey: wrong },
  ]) {
    signed = 0;
    assert.throws(() => verify(token, keys));
    assert.equal(signed, 2);
  }
});
