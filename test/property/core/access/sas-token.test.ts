import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { covers, coversOrIsWithin, isHostName, pathSegments } from "../../../../core/access/audience.ts";
import { parseSasToken } from "../../../../core/access/sas-token.ts";
import { HubError } from "../../../../core/hub-error.ts";

/** Pieces that tokens are made of, rightly and wrongly put together. */
const piece = fc.oneof(
  fc.constantFrom("SharedAccessSignature", " ", "\t", "&", "=", "sr", "sig", "se", "skn", "SR=h", "sig=s", "se=60"),
  fc.constantFrom(
    "%",
    "%2",
    "%2F",
    "%zz",
    "%ff",
    "%C3%A9",
    "+",
    "\u0000",
    "\n",
    "\ud800",
    "__proto__=1",
    "99999999999999",
  ),
  fc.string({ unit: "binary", maxLength: 8 }),
);
const tokenText = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(""));
const hostileText = fc.oneof(
  tokenText,
  tokenText.map((text) => `SharedAccessSignature ${text}`),
  fc.string({ maxLength: 5000 }),
);

// spec/identity-and-security 5.1
test("any text is a token or a refusal, nothing else", () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      try {
        const token = parseSasToken(text);
        assert.ok(token.resource.length > 0 && token.expirySeconds >= 0 && token.expirySeconds < 1e12);
      } catch (error) {
        assert.ok(error instanceof HubError && error.reason === "IotHubUnauthorizedAccess");
        // The text ends up in logs: it must not repeat what was sent.
        assert.ok(error.message.length < 60);
      }
    }),
    { numRuns: 3000 },
  );
});

test("fields come back as they were sent, in any order", () => {
  const value = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 });
  const order = fc.shuffledSubarray(["sr", "sig", "se", "skn"], { minLength: 4 });
  fc.assert(
    fc.property(value, value, value, fc.nat(), order, (sr, sig, skn, se, names) => {
      const fields = { sr: encodeURIComponent(sr), sig: encodeURIComponent(sig), skn: encodeURIComponent(skn), se };
      const text = names.map((name) => `${name}=${fields[name as keyof typeof fields]}`).join("&");
      assert.deepEqual(parseSasToken(`SharedAccessSignature ${text}`), {
        resource: fields.sr,
        signature: sig.replaceAll(" ", "+"),
        expiry: String(se),
        expirySeconds: se,
        policy: skn,
      });
    }),
  );
});

const id = fc.string({
  unit: fc.constantFrom(...Array.from("abzAZ09-:.+%_#*?!(),=@;$'2F5")),
  minLength: 1,
  maxLength: 12,
});
const hostNames = ["hub.example.com"];

// spec/identity-and-security 5.4
test("an id is recognised whether it is encoded once or twice", () => {
  fc.assert(
    fc.property(id, (deviceId) => {
      const audience = { hostNames, segments: ["devices", deviceId] };
      const once = encodeURIComponent(deviceId);
      for (const sr of [
        `hub.example.com/devices/${once}`,
        encodeURIComponent(`hub.example.com/devices/${deviceId}`),
        encodeURIComponent(`hub.example.com/devices/${once}`).toLowerCase(),
      ]) {
        assert.ok(covers(sr, audience), sr);
        assert.ok(coversOrIsWithin(sr, audience), sr);
      }
    }),
  );
});

test("a token for one id covers no other", () => {
  const plainId = fc.stringMatching(/^[a-z0-9-]{1,4}$/);
  fc.assert(
    fc.property(plainId, plainId, (signed, asked) => {
      fc.pre(signed !== asked);
      const audience = { hostNames, segments: ["devices", asked] };
      assert.ok(!covers(`hub.example.com%2Fdevices%2F${signed}`, audience));
      assert.ok(!coversOrIsWithin(`hub.example.com%2Fdevices%2F${signed}%2Fmessages`, audience));
    }),
  );
});

test("no text makes the audience check throw", () => {
  const text = fc.oneof(hostileText, fc.string({ unit: fc.constantFrom("/", "%", "2", "f", "F", ":", "[", "]", "h") }));
  fc.assert(
    fc.property(text, text, (sr, path) => {
      const audience = { hostNames: ["h", "::1"], segments: pathSegments(path) };
      covers(sr, audience);
      coversOrIsWithin(sr, audience);
      isHostName(path, audience.hostNames);
    }),
  );
});
