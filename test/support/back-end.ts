import type { Message as SdkMessage } from "azure-iot-device";
import type { Client as BackEnd } from "azure-iothub";
import { Message, ServiceClient } from "./azure-sdk.ts";
import type { TestHub } from "./hub.ts";
import type { Scope } from "./suite-scope.ts";

/** Connects the service SDK; it closes with the scope. */
export async function openBackEnd(scope: Scope, { connectionString }: TestHub): Promise<BackEnd> {
  const service = ServiceClient.fromConnectionString(connectionString);
  await service.open();
  scope.after(() => service.close());
  return service;
}

/** A message with an id, which is its body too. */
export function identifiedMessage(messageId: string, ack = "none"): SdkMessage {
  const message = new Message(messageId);
  message.messageId = messageId;
  message.ack = ack;
  return message;
}

/** The body of a message as text. */
export const textIn = (message: SdkMessage): string => message.getBytes().toString();

/** Drops what waits for a device, as the REST API does, which the Node SDK has no method for. Returns how much it was. */
export async function purgeCommands({ node: { hub } }: TestHub, deviceId: string): Promise<number> {
  const origin = { actor: { kind: "policy", policy: "service" }, correlationId: "test" } as const;
  return await hub.commands.purge({ deviceId, ...origin });
}
