import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseUsername } from "../../../../adapters/mqtt/username.ts";

const id = fc.stringMatching(/^[A-Za-z0-9\-.%_*?!(),:@$']{1,128}$/);
const property = fc
  .string({ unit: "grapheme", minLength: 1 })
  .filter((value) => value.isWellFormed() && !/\p{Cc}/u.test(value));

// spec/mqtt 2
test("What an SDK builds is read as it was", () => {
  fc.assert(
    fc.property(
      id,
      fc.option(id, { nil: undefined }),
      property,
      fc.boolean(),
      (deviceId, moduleId, clientType, mark) => {
        const ids = moduleId === undefined ? deviceId : `${deviceId}/${moduleId}`;
        const list = `api-version=2021-04-12&DeviceClientType=${encodeURIComponent(clientType)}`;
        assert.deepEqual(parseUsername(`hub.example/${ids}/${mark ? "?" : ""}${list}`), {
          hostName: "hub.example",
          deviceId,
          ...(moduleId === undefined ? {} : { moduleId }),
          clientType,
        });
      },
    ),
  );
});

test("Any text is read or refused, and never throws", () => {
  const pieces = fc.constantFrom("/", "?", "&", "=", "%", "api-version=", "model-id=", "a", "%00", "ü", "\ud800");
  fc.assert(fc.property(fc.string({ unit: pieces }), (username) => void parseUsername(username)));
});
