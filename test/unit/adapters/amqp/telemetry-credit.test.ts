import assert from "node:assert/strict";
import { test } from "node:test";
import type { Sender } from "rhea";
import { once, startBench, timeout } from "./amqp-client.ts";

/** The credits that the hub has told the link of, from the first on. */
function toldCredits(link: Sender): number[] {
  const credits: number[] = [];
  link.on("sender_flow", () => credits.push((link as Sender & { readonly credit: number }).credit));
  return credits;
}

/** Sends a message and waits for its outcome. */
async function sent(link: Sender, outcome: "accepted" | "rejected"): Promise<void> {
  const settled = once(link, outcome);
  link.send({ body: "x" });
  await settled;
}

test("The credit of settled messages comes back in parts, before the device has none", { timeout }, async () => {
  // spec/amqp 3: senders wait for credit
  await using bench = startBench();
  const client = await bench.proved("dev-1");
  const { link } = await client.attachSender("/devices/dev-1/messages/events");
  const { credit } = link as Sender & { readonly credit: number };
  const told = toldCredits(link);
  for (let count = 0; count < credit; count += 1) await sent(link, "accepted");
  assert.deepEqual(told, [credit, credit, credit, credit]);
});

test("Messages that are refused give their credit back too", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.proved("dev-1");
  const { link } = await client.attachSender("/devices/dev-1/messages/events");
  const { credit } = link as Sender & { readonly credit: number };
  bench.hub.onSend = () => {
    throw new Error("not stored");
  };
  for (let count = 0; count < credit; count += 1) await sent(link, "rejected");
  bench.hub.onSend = () => {};
  await sent(link, "accepted");
});
