import assert from "node:assert/strict";
import { test } from "node:test";
import type { DevicePrincipal } from "../../../../core/access/access.ts";
import type { ConnectionFault, LastingFault } from "../../../../core/device-to-cloud/fault.ts";
import { createFaults, InjectedFault } from "../../../../core/device-to-cloud/faults.ts";
import { deviceAccessWithFaults, telemetryWithFaults } from "../../../../core/device-to-cloud/inject-faults.ts";
import type { D2cMessage } from "../../../../core/device-to-cloud/message.ts";
import { createTelemetry } from "../../../../core/device-to-cloud/telemetry.ts";
import { HubError } from "../../../../core/hub-error.ts";
import type { TelemetryLog } from "../../../../core/ports.ts";

const principal: DevicePrincipal = { deviceId: "d", generationId: "1", authMethod: "{}", validUntil: 0 };
const module: DevicePrincipal = { ...principal, moduleId: "m" };

/** Telemetry with faults over a log that stores at once, a clock to set, and notes of what came to pass, in order. */
function bench(outcome?: HubError) {
  const seen: string[] = [];
  const faulted: ConnectionFault[] = [];
  const clock = { nowMs: 1_000, now: () => clock.nowMs };
  const log: TelemetryLog = {
    open: () => ({
      send(_message, stored) {
        seen.push("stored");
        stored(outcome);
        return true;
      },
    }),
    whenReady: (ready) => ready(),
  };
  const injection = { faults: createFaults(), clock };
  const telemetry = telemetryWithFaults(createTelemetry(log), injection);
  const onFault = (fault: ConnectionFault) => {
    seen.push("fault");
    faulted.push(fault);
  };
  const open = (of = principal) => telemetry.open({ principal: of, connectionId: "c", onFault });
  const send = (sender: ReturnType<typeof open>, message: D2cMessage) =>
    sender.send(message, (error) => void seen.push(error === undefined ? "acknowledged" : error.reason));
  return { seen, faulted, clock, injection, telemetry, open, send };
}

const plain: D2cMessage = { properties: { system: {}, application: new Map() }, body: new Uint8Array() };

function asking(type: string, delaySeconds: number, durationSeconds = 5): D2cMessage {
  const application = new Map([
    ["AzIoTHub_FaultOperationType", type],
    ["AzIoTHub_FaultOperationDelayInSecs", String(delaySeconds)],
    ["AzIoTHub_FaultOperationDurationInSecs", String(durationSeconds)],
  ]);
  return { properties: { system: {}, application }, body: new Uint8Array() };
}

// spec/amqp 11
test("A message that asks for a fault of its connection is stored and acknowledged before the fault is told", () => {
  const { seen, faulted, open, send } = bench();
  const sender = open();
  send(sender, plain);
  send(sender, asking("KillTcp", 2));
  assert.deepEqual(seen, ["stored", "acknowledged", "stored", "acknowledged", "fault"]);
  assert.deepEqual(
    faulted.map(({ operation, delayMs }) => [operation, delayMs]),
    [["KillTcp", 2_000]],
  );
});

test("A message that is not stored asks for nothing", () => {
  const { seen, clock, open, send } = bench(new HubError("ServiceUnavailable", "out of reach"));
  const sender = open();
  send(sender, asking("KillTcp", 0));
  send(sender, asking("ThrottlingError", 0));
  clock.nowMs += 1;
  send(sender, plain);
  assert.deepEqual(seen, [
    "stored",
    "ServiceUnavailable",
    "stored",
    "ServiceUnavailable",
    "stored",
    "ServiceUnavailable",
  ]);
});

// spec/amqp 11: the classes that the Node suite expects of the three faults.
test("A fault that lasts refuses its identity after its delay, for its duration, on every connection", () => {
  const cases = [
    ["InvokeThrottling", "ThrottlingException"],
    ["InvokeMaxMessageQuota", "IotHubQuotaExceeded"],
    ["InvokeAuthError", "IotHubUnauthorizedAccess"],
  ] as const;
  for (const [type, reason] of cases) {
    const { clock, open, send } = bench();
    const sender = open();
    send(sender, asking(type, 2, 5));
    clock.nowMs += 1_999;
    send(sender, plain);
    clock.nowMs += 1;
    for (const one of [sender, open()]) {
      assert.throws(() => send(one, plain), { name: "HubError", reason });
      assert.throws(() => send(one, asking("KillTcp", 0)), InjectedFault);
    }
    send(open(module), plain);
    send(open({ ...principal, deviceId: "other" }), plain);
    clock.nowMs += 4_999;
    assert.throws(() => send(sender, plain), { reason });
    clock.nowMs += 1;
    send(sender, plain);
  }
});

test("A fault without a delay is there when its own message is acknowledged", () => {
  const { open } = bench();
  const sender = open();
  let refused: unknown;
  sender.send(asking("ThrottlingError", 0), () => {
    assert.throws(
      () => sender.send(plain, () => {}),
      (error) => {
        refused = error;
        return true;
      },
    );
  });
  assert.ok(refused instanceof InjectedFault);
});

test("A request that asks for a fault that lasts is refused alone, at once", async () => {
  const { seen, faulted, telemetry } = bench();
  const source = { principal, connectionId: "r" };
  await assert.rejects(telemetry.sendAll(source, [plain, asking("QuotaExceeded", 60)]), {
    reason: "IotHubQuotaExceeded",
  });
  assert.deepEqual(seen, []);
  await telemetry.sendAll(source, [plain, asking("KillTcp", 0)]);
  assert.deepEqual([seen, faulted], [["stored", "stored"], []]);
});

test("Requests are refused while a fault lasts that was asked for on a connection", async () => {
  const { clock, telemetry, open, send } = bench();
  send(open(), asking("ThrottlingError", 0, 1));
  const source = { principal, connectionId: "r" };
  await assert.rejects(telemetry.sendAll(source, [plain]), { reason: "ThrottlingException" });
  clock.nowMs += 1_000;
  await telemetry.sendAll(source, [plain]);
});

test("An identity in an AuthError is not let in; one in another fault is", () => {
  const { clock, injection, open, send } = bench();
  const access = deviceAccessWithFaults({ authenticate: () => principal }, injection);
  const credentials = { deviceId: "d", token: undefined };
  send(open(), asking("ThrottlingError", 0, 1));
  assert.equal(access.authenticate(credentials), principal);
  clock.nowMs += 1_000;
  send(open(), asking("AuthError", 0, 1));
  assert.throws(() => access.authenticate(credentials), { reason: "IotHubUnauthorizedAccess" });
  clock.nowMs += 1_000;
  assert.equal(access.authenticate(credentials), principal);
});

test("Of two faults of one identity the newer counts, and many identities don't fill the memory", () => {
  const faults = createFaults();
  const fault = (durationMs: number): LastingFault => ({
    operation: "AuthError",
    closeReason: "",
    delayMs: 0,
    durationMs,
  });
  faults.note({ deviceId: "first" }, fault(60_000), 0);
  faults.note({ deviceId: "first" }, fault(10), 0);
  assert.equal(faults.active({ deviceId: "first" }, 9)?.durationMs, 10);
  assert.equal(faults.active({ deviceId: "first" }, 10), undefined);
  for (let index = 0; index <= 10_000; index += 1) faults.note({ deviceId: `d${index}` }, fault(60_000), 0);
  assert.equal(faults.active({ deviceId: "d0" }, 1), undefined);
  assert.notEqual(faults.active({ deviceId: "d1" }, 1), undefined);
  assert.notEqual(faults.active({ deviceId: "d10000" }, 1), undefined);
});
