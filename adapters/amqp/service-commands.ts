import type { Logger } from "pino";
import type { Delivery, EventContext, Message, Receiver } from "rhea";
import type { Commands } from "../../core/cloud-to-device/commands.ts";
import { HubError } from "../../core/hub-error.ts";
import { amqpErrorOf } from "./amqp-error.ts";
import { commandIn } from "./c2d-message.ts";

/** Messages of one link that may be on their way into the journal. */
const window = 100;

/** What a link of a back end that sends messages to devices is made of. */
export type ServiceCommandsOptions = {
  readonly commands: Pick<Commands, "send">;
  readonly log: Logger;
  readonly policy: string;
  readonly correlationId: string;
};

/** Takes the messages that a back end sends to devices: accepted once the journal holds them (spec/amqp 8). */
export function takeCommands(
  receiver: Receiver,
  { commands, log, policy, correlationId }: ServiceCommandsOptions,
): void {
  const origin = { actor: { kind: "policy", policy }, correlationId } as const;
  const settle = (delivery: Delivery, error?: unknown): void => {
    if (!receiver.is_open()) return;
    receiver.add_credit(1);
    if (error === undefined) delivery.accept();
    else delivery.reject(amqpErrorOf(error));
    if (error !== undefined && !(error instanceof HubError))
      log.error({ err: error }, "message to a device not stored");
  };
  const send = async (message: Message | undefined): Promise<void> => {
    // rhea decodes format 0 and leaves the bytes of any other.
    if (message === undefined || Buffer.isBuffer(message)) {
      throw new HubError("GenericUnsupportedMediaType", "The message format is not supported");
    }
    await commands.send({ ...commandIn(message), ...origin });
  };
  receiver.on("message", ({ message, delivery }: EventContext) => {
    if (delivery === undefined || !receiver.is_open()) return;
    send(message).then(
      () => settle(delivery),
      (error: unknown) => settle(delivery, error),
    );
  });
  receiver.add_credit(window);
}
