import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePropertyBag, withApplicationProperty } from "../../../../adapters/mqtt/property-bag.ts";

const application = (bag: string) => Object.fromEntries(parsePropertyBag(bag).application);

// spec/mqtt 6
test("System properties land under their canonical names, encoded `$` or not", () => {
  const bag = "%24.mid=m&$.cid=c&%24.uid=u&$.to=%2Fx&%24.ct=application%2Fjson%3Bcharset%3Dutf-8&$.ce=utf-8";
  const { system, application: others } = parsePropertyBag(
    `${bag}&%24.exp=2026-01-01T00%3A00%3A00Z&$.ifid=urn%3Aa&%24.sub=thermostat`,
  );
  assert.deepEqual(system, {
    "message-id": "m",
    "correlation-id": "c",
    "user-id": "u",
    to: "/x",
    "content-type": "application/json;charset=utf-8",
    "content-encoding": "utf-8",
    "absolute-expiry-time": "2026-01-01T00:00:00Z",
    "iothub-interface-id": "urn:a",
    "dt-subject": "thermostat",
  });
  assert.equal(others.size, 0);
});

// spec/mqtt 6
test("The other `$` names become application properties under their long names", () => {
  assert.deepEqual(application("%24.ctime=t&$.schema=s&%24.on=out1&$.diagid=i&$.diagctx=x"), {
    "iothub-creation-time-utc": "t",
    "iothub-message-schema": "s",
    "iothub-outputname": "out1",
    "Diagnostic-Id": "i",
    "Correlation-Context": "x",
  });
});

// spec/mqtt 6
test("Percent escapes decode as UTF-8 and a plus stays a plus", () => {
  assert.deepEqual(application("a%20b=c+d%2Be%26%3D%2F&%C3%BC=!'()*~"), { "a b": "c+d+e&=/", ü: "!'()*~" });
});

// spec/mqtt 6
test("A name alone and a name with `=` are empty; the first of two counts; no name is nothing", () => {
  assert.deepEqual(application("a&b=&c=1&c=2&=x&&d=e=f"), { a: "", b: "", c: "1", d: "e=f" });
  assert.deepEqual(parsePropertyBag(""), { system: {}, application: new Map() });
  assert.equal(parsePropertyBag("%24.mid=first&$.mid=second").system["message-id"], "first");
});

test("Escapes that are none stay as they are", () => {
  assert.deepEqual(application("a=50%&b=%zz%41&c=%C3%28&d=%&%=%2"), {
    a: "50%",
    b: "%zzA",
    c: "%C3%28",
    d: "%",
    "%": "%2",
  });
});

// spec/messaging 1.2
test("Names that the hub stamps, and `__proto__`, are application properties like any other", () => {
  const bag = "iothub-connection-device-id=other&message-id=x&__proto__=y&$.cdid=z";
  const { system, application: others } = parsePropertyBag(bag);
  assert.deepEqual(system, {});
  const expected = [
    ["iothub-connection-device-id", "other"],
    ["message-id", "x"],
    ["__proto__", "y"],
    ["$.cdid", "z"],
  ];
  assert.deepEqual([...others], expected);
});

test("Adding a property leaves the original alone", () => {
  const before = parsePropertyBag("mqtt-retain=mine");
  assert.equal(withApplicationProperty(before, "mqtt-retain", "true").application.get("mqtt-retain"), "true");
  assert.equal(before.application.get("mqtt-retain"), "mine");
});
