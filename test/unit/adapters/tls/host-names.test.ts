import assert from "node:assert/strict";
import { hostname } from "node:os";
import { test } from "node:test";
import { defaultHostNames, parseHostName, parseHostNames } from "../../../../adapters/tls/host-names.ts";

test("the default names are those of this machine, and the extra one", () => {
  const names = defaultHostNames("Hub.Example.com.");
  assert.deepEqual(names.slice(0, 3), ["localhost", "127.0.0.1", "::1"]);
  assert.ok(names.includes(hostname().toLowerCase()));
  assert.equal(names.at(-1), "hub.example.com");
});

test("a name that is there already is not repeated", () => {
  assert.deepEqual(defaultHostNames("LOCALHOST"), defaultHostNames());
  assert.deepEqual(defaultHostNames("[0:0::1]"), defaultHostNames());
  assert.deepEqual(defaultHostNames(""), defaultHostNames());
});

test("names are read as certificates hold them", () => {
  assert.deepEqual(parseHostName("Bücher.example"), { type: "dns", value: "xn--bcher-kva.example" });
  assert.deepEqual(parseHostName("*.Example.com"), { type: "dns", value: "*.example.com" });
  assert.deepEqual(parseHostName("[2001:DB8::0:1]"), { type: "ip", value: "2001:db8::1" });
  assert.deepEqual(parseHostNames(["10.0.0.1", "10.0.0.1"]), [{ type: "ip", value: "10.0.0.1" }]);
});

test("what is no host name is refused by name", () => {
  for (const bad of ["", "a b", "hub:8883", "https://hub", "fe80::1%eth0"]) {
    assert.throws(() => parseHostName(bad), { message: `"${bad}" is neither a host name nor an IP address` });
  }
});
