import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import type { Message as SdkMessage } from "azure-iot-device";
import type { Client as BackEnd } from "azure-iothub";
import { identifiedMessage, openBackEnd, purgeCommands, textIn } from "../support/back-end.ts";
import { registerDevice } from "../support/device.ts";
import { startHub, type TestHub } from "../support/hub.ts";
import { suiteScope } from "../support/suite-scope.ts";
import { connectedTransports, sdkDevices } from "../support/transports.ts";
import { waitFor } from "../support/wait-for.ts";
import { leadWellKnownPortsTo } from "../support/well-known-ports.ts";

/** Feedback as `getFeedbackReceiver` gives it (spec/messaging 7). */
suite("feedback with the service SDK", () => {
  const scope = suiteScope();
  let hub: TestHub;
  let service: BackEnd;
  before(async () => {
    hub = await startHub(scope);
    leadWellKnownPortsTo(scope, hub);
    service = await openBackEnd(scope, hub);
  });

  test("each kind of ack hears of the ends that it asked for, once", { timeout: 60_000 }, async (t) => {
    const devices = sdkDevices(amqp(), () => hub);
    const client = await devices.open(t, await devices.register("d"));
    let settled = 0;
    client.on("message", (message: SdkMessage) => {
      const settle = message.messageId.startsWith("complete") ? client.complete(message) : client.reject(message);
      void settle.then(() => {
        settled += 1;
      });
    });
    const acks = ["none", "positive", "negative", "full"];
    let sent = 0;
    for (const how of ["complete", "reject"]) {
      for (const ack of acks) {
        await service.send("d", identifiedMessage(`${how}-${ack}`, ack));
        sent += 1;
        // One by one: the SDK's AMQP library takes the outcomes of neighbours for one.
        await waitFor("its end", () => settled === sent);
      }
    }
    await registerDevice(hub, "away");
    await service.send("away", identifiedMessage("purged", "full"));
    await purgeCommands(hub, "away");
    const expiring = identifiedMessage("expired", "full");
    expiring.expiryTimeUtc = Date.now() + 300;
    await service.send("away", expiring);
    await waitFor("its end", async () => "reason" in (await hub.node.hub.commands.state("away", "expired")));

    const records = new Map<string, string>();
    let count = 0;
    const receiver = await feedbackReceiver(service);
    receiver.on("message", (message: SdkMessage) => {
      assert.equal(message.contentType, "application/vnd.microsoft.iothub.feedback.json");
      for (const record of JSON.parse(textIn(message)) as Record<string, string>[]) {
        assert.equal(record.description, record.statusCode);
        assert.match(record.enqueuedTimeUtc ?? "", /^\d{4}-\d\d-\d\dT.*Z$/);
        records.set(record.originalMessageId ?? "", `${record.deviceId} ${record.statusCode}`);
        count += 1;
      }
      receiver.complete(message);
    });
    await waitFor("the feedback", () => count === 6, 30_000);
    assert.deepEqual(
      [...records].sort(([a], [b]) => (a < b ? -1 : 1)),
      [
        ["complete-full", "d Success"],
        ["complete-positive", "d Success"],
        ["expired", "away Expired"],
        ["purged", "away Purged"],
        ["reject-full", "d Rejected"],
        ["reject-negative", "d Rejected"],
      ],
    );
    await (receiver as unknown as { detach(): Promise<void> }).detach();
    await waitFor("nothing that is left", async () => (await hub.node.hub.feedback.take()) === undefined);
    assert.equal(count, 6);
  });
});

const amqp = () => connectedTransports.find(({ protocol }) => protocol === "amqp") ?? assert.fail("no AMQP");

const feedbackReceiver = (service: BackEnd): Promise<BackEnd.ServiceReceiver> =>
  new Promise((resolve, reject) => {
    service.getFeedbackReceiver((error, receiver) => {
      if (receiver === undefined) reject(error ?? new Error("no receiver"));
      else resolve(receiver);
    });
  });
