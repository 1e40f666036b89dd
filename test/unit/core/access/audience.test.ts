import assert from "node:assert/strict";
import { test } from "node:test";
import { covers, coversOrIsWithin, isHostName, pathSegments } from "../../../../core/access/audience.ts";

const hostNames = ["hub.example.com", "localhost", "127.0.0.1", "::1"];
const device = (deviceId: string) => ({ hostNames, segments: ["devices", deviceId] });
const modulePath = { hostNames, segments: ["devices", "dev-1", "modules", "m1"] };

// spec/identity-and-security 5.4
test("an sr covers what is below it, by whole segments", () => {
  for (const sr of [
    "hub.example.com",
    "hub.example.com/",
    "hub.example.com/devices",
    "hub.example.com/devices/dev-1/",
  ]) {
    assert.ok(covers(sr, device("dev-1")), sr);
    assert.ok(covers(sr, modulePath), sr);
  }
  for (const sr of [
    "hub.example.com/devices/dev",
    "hub.example.com/device",
    "hub.example.com/devices/dev-1/x",
    "",
    "/",
  ]) {
    assert.ok(!covers(sr, device("dev-1")), sr);
  }
});

test("case does not count, neither of hosts nor of ids", () => {
  assert.ok(covers("HUB.example.com%2fDEVICES%2fdev-1", device("Dev-1")));
});

test("the host is any of the hub's names, a port is ignored", () => {
  for (const host of [
    "localhost",
    "LOCALHOST:443",
    "hub.example.com:8883",
    "127.0.0.1:5671",
    "::1",
    "[::1]",
    "[::1]:443",
  ]) {
    assert.ok(isHostName(host, hostNames), host);
  }
  for (const host of [
    "",
    ":443",
    "example.com",
    "xhub.example.com",
    "hub.example.com.evil",
    "[::2]",
    "hub.example.com:x",
  ]) {
    assert.ok(!isHostName(host, hostNames), host);
  }
  assert.ok(!covers("other.example.com/devices/dev-1", device("dev-1")));
});

test("an id is encoded once, twice or not at all", () => {
  const id = "a%b#c+d!'()*";
  const once = encodeURIComponent(id);
  assert.ok(covers(`hub.example.com/devices/${id}`, device(id)), "not at all");
  assert.ok(covers(encodeURIComponent(`hub.example.com/devices/${id}`), device(id)), "the whole, once");
  assert.ok(covers(`hub.example.com/devices/${once}`, device(id)), "the id, once");
  assert.ok(covers(encodeURIComponent(`hub.example.com/devices/${once}`), device(id)), "the id, then the whole");
  assert.ok(
    !covers(encodeURIComponent(`hub.example.com/devices/${encodeURIComponent(once)}`), device(id)),
    "too often",
  );
});

test("an sr that can not be decoded is compared as it is", () => {
  assert.ok(covers("hub.example.com/devices/100%", device("100%")));
  assert.ok(!covers("hub.example.com/devices/%ff", device("100%")));
});

// spec/identity-and-security 5.5
test("an identity's own token may name one of its endpoints, but not another identity", () => {
  assert.ok(coversOrIsWithin("hub.example.com/devices/dev-1/messages/events", device("dev-1")));
  assert.ok(coversOrIsWithin("hub.example.com/devices/dev-1", device("dev-1")));
  assert.ok(coversOrIsWithin("hub.example.com", device("dev-1")));
  assert.ok(!coversOrIsWithin("hub.example.com/devices/dev-1/modules/m1", device("dev-1")));
  assert.ok(!coversOrIsWithin("hub.example.com/devices/dev-1/Modules/m1", device("dev-1")));
  assert.ok(!coversOrIsWithin("hub.example.com/devices/dev-2/messages/events", device("dev-1")));
  assert.ok(coversOrIsWithin("hub.example.com/devices/dev-1/modules/m1/messages/events", modulePath));
  assert.ok(!coversOrIsWithin("hub.example.com/devices/dev-1/modules/m2", modulePath));
});

test("a path is split into decoded segments", () => {
  assert.deepEqual(pathSegments("/devices/a%23b/modules/"), ["devices", "a#b", "modules"]);
  assert.deepEqual(pathSegments("/"), []);
  assert.deepEqual(pathSegments("/devices//x%zz"), ["devices", "", "x%zz"]);
});
