/** The end of a link or connection with an AMQP error that no HubError stands for (spec/amqp 11). */
export class LinkRefused extends Error {
  override readonly name = "LinkRefused";
  /** The symbol of the condition, such as `amqp:link:stolen`. */
  readonly condition: string;
  /** The error's info map, such as a redirect's. */
  readonly info: Readonly<Record<string, string | number>> | undefined;

  constructor(condition: string, message: string, info?: Readonly<Record<string, string | number>>) {
    super(message);
    this.condition = condition;
    this.info = info;
  }
}
