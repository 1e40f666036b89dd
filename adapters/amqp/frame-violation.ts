/**
 * What a peer sent is against AMQP 1.0, or more than the hub grants: its connection ends. `condition` is the symbol that
 * its close tells. The text is logged, so it never holds what the peer sent.
 */
export class FrameViolation extends Error {
  override readonly name = "FrameViolation";
  readonly condition: string;

  constructor(condition: string, message: string) {
    super(message);
    this.condition = condition;
  }
}

/** Bytes that are no AMQP type, or the wrong one for their place (AMQP 1.0 part 2, 2.8.15). */
export const undecodable = (text: string): FrameViolation => new FrameViolation("amqp:decode-error", text);

/** A frame that is none, or not the one that may come now (AMQP 1.0 part 2, 2.8.16). */
export const misframed = (text: string): FrameViolation => new FrameViolation("amqp:connection:framing-error", text);

/** A field with a value that it may not have. */
export const invalidField = (text: string): FrameViolation => new FrameViolation("amqp:invalid-field", text);
