import { LinkRefused } from "./link-refused.ts";

/**
 * Makes the answer to a link to `/messages/events/<rest>`: where the built-in endpoint is. `hostName` is the name that the
 * client called the hub by.
 */
export type Redirect = (rest: string, hostName: string | undefined) => LinkRefused;

/** What a redirect says. */
export type RedirectOptions = {
  /** The endpoint's name, the `EntityPath` of connection strings. */
  readonly entity: string;
  /** The name to send clients to that did not say what they call the hub. */
  readonly hostName: string;
  readonly port: number;
};

/**
 * Makes the redirect (spec/amqp 10). Clients take the text between the port and `/$management` for the entity, and
 * `network-host` and `port` are AMQP's own names for the target.
 */
export function createRedirect({ entity, hostName, port }: RedirectOptions): Redirect {
  return (rest, calledBy) => {
    const host = calledBy ?? hostName;
    const path = rest === "" ? entity : `${entity}/${rest}`;
    return new LinkRefused("amqp:link:redirect", "The events are read at another address.", {
      hostname: host,
      "network-host": host,
      port,
      address: `amqps://${host}:${port}/${path}`,
    });
  };
}
