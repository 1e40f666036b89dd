import assert from "node:assert/strict";
import { test } from "node:test";
import type { TwinDifference } from "../../../../core/history/twin-changes.ts";
import { bornVersions, record, timeOf, twinUpdated } from "../../../support/events.ts";
import { assertRefused, openHttp, refuse, twinView } from "./http-fixture.ts";

const past = { view: twinView(), sequence: 7, time: timeOf(7) };

test("a twin as it was is the twin's document with what it stands for", async () => {
  await using http = await openHttp({ "pastTwins.at": () => past, "twins.get": () => twinView() });
  const asked = { url: "/twins/dev-1?asOf=seq:7&api-version=2021-04-12" };
  const { asOf, ...document } = (await http.send(asked)).json<Record<string, unknown>>();
  assert.deepEqual(asOf, { sequence: 7, time: timeOf(7) });
  assert.deepEqual(document, (await http.send({ url: "/twins/dev-1" })).json());
  assert.deepEqual(http.only("pastTwins.at"), [{ deviceId: "dev-1" }, { kind: "sequence", sequence: 7 }]);
});

test("a moment is a time, a sequence or a version, of a module too", async () => {
  await using http = await openHttp({ "pastTwins.at": () => past });
  const moments: readonly (readonly [string, unknown])[] = [
    ["2026-11-01T00:00:00Z", { kind: "time", time: "2026-11-01T00:00:00.000Z" }],
    ["2026-11-01T01:00:00%2B01:00", { kind: "time", time: "2026-11-01T00:00:00.000Z" }],
    ["2026-11-01T01:00:00+01:00", { kind: "time", time: "2026-11-01T00:00:00.000Z" }],
    ["2026-11-01", { kind: "time", time: "2026-11-01T00:00:00.000Z" }],
    ["seq:12345", { kind: "sequence", sequence: 12_345 }],
    ["V:17", { kind: "version", version: 17 }],
  ];
  for (const [text, moment] of moments) {
    http.calls.length = 0;
    const response = await http.send({ url: `/twins/dev-1/modules/mod-1?asOf=${text}` });
    assert.equal(response.statusCode, 200, response.body);
    assert.deepEqual(http.only("pastTwins.at"), [{ deviceId: "dev-1", moduleId: "mod-1" }, moment]);
  }
});

test("what is no moment is refused with what is allowed, and a twin that was not there with its own error", async () => {
  await using http = await openHttp({ "pastTwins.at": refuse("DeviceNotFound", "dev-1") });
  for (const text of [
    "",
    "yesterday",
    "seq:",
    "seq:-1",
    "v:1.5",
    "v:1e3",
    "17",
    "seq:1234567890123456",
    "2026-13-01",
  ]) {
    const message = assertRefused(await http.send({ url: `/twins/dev-1?asOf=${text}` }), 400, "ArgumentInvalid");
    assert.match(message, /asOf must be a time in ISO 8601 .*, seq: and .*, or v: and /);
  }
  assertRefused(await http.send({ url: "/twins/dev-1?asOf=v:3" }), 404, "DeviceNotFound");
});

const [event] = record([twinUpdated({ deviceId: "dev-1" }, { desired: { a: 1 } })], 9);
assert.ok(event !== undefined);
const end = { sequence: 9, time: timeOf(9), versions: bornVersions };
const patch = [{ op: "add", path: "/properties/desired/a", value: 1 }] as const;
const difference: TwinDifference = {
  from: { ...end, sequence: 8 },
  to: end,
  patch,
  changes: [{ event, patch, versions: bornVersions }],
  next: 9,
};

test("changes tell who did what between two moments", async () => {
  await using http = await openHttp({ "pastTwins.difference": () => difference });
  const response = await http.send({
    url: "/twins/dev-1/changes?from=v:2&limit=1",
    headers: { "x-ms-continuation": "8" },
  });
  assert.equal(response.headers["x-ms-continuation"], "9");
  assert.deepEqual(response.json(), {
    deviceId: "dev-1",
    from: { ...end, sequence: 8 },
    to: end,
    patch,
    changes: [
      {
        sequence: 9,
        time: timeOf(9),
        type: "TwinUpdated",
        actor: "policy:iothubowner",
        correlationId: "correlation",
        versions: bornVersions,
        patch,
      },
    ],
  });
  const present = { kind: "sequence", sequence: Number.MAX_SAFE_INTEGER };
  const from = { kind: "version", version: 2 };
  assert.deepEqual(http.only("pastTwins.difference"), [
    { deviceId: "dev-1", from, to: present, afterSequence: 8, limit: 1 },
  ]);
});

test("changes without a beginning, or with a page that can't be, are refused", async () => {
  await using http = await openHttp();
  for (const query of ["", "from=x", "from=v:1&to=x", "from=v:1&limit=0", "from=v:1&limit=1001", "from=v:1&after=x"]) {
    assertRefused(await http.send({ url: `/twins/dev-1/changes?${query}` }), 400, "ArgumentInvalid");
  }
});

test("a restore names a moment, parts and a precondition", async () => {
  await using http = await openHttp({ "pastTwins.restore": () => twinView() });
  const ask = async (payload: object, headers: Record<string, string> = {}): Promise<Record<string, unknown>> => {
    http.calls.length = 0;
    const response = await http.send({ method: "POST", url: "/twins/dev-1/restore", payload, headers });
    assert.equal(response.statusCode, 200, response.body);
    assert.equal(response.json<{ deviceId: string }>().deviceId, "dev-1");
    const [{ actor, correlationId, ...rest }] = http.only("pastTwins.restore") as [Record<string, unknown>];
    assert.ok(actor !== undefined && correlationId !== undefined);
    return rest;
  };
  const moment = { kind: "version", version: 3 };
  assert.deepEqual(await ask({ asOf: "v:3" }), { deviceId: "dev-1", moment });
  assert.deepEqual(await ask({ asOf: "v:3", parts: ["tags"] }, { "if-match": '"AAAAAAAAAAE="' }), {
    deviceId: "dev-1",
    moment,
    parts: ["tags"],
    ifMatch: "AAAAAAAAAAE=",
  });
});

test("a restore of nothing, to nowhere or of what is the device's is refused", async () => {
  await using http = await openHttp();
  for (const payload of [
    {},
    { asOf: 3 },
    { asOf: "x" },
    { asOf: "v:3", parts: [] },
    { asOf: "v:3", parts: ["reported"] },
  ]) {
    const response = await http.send({ method: "POST", url: "/twins/dev-1/restore", payload });
    assertRefused(response, 400, "ArgumentInvalid");
  }
});
