import { Socket } from "node:net";
import type { TestHub } from "./hub.ts";
import type { Scope } from "./suite-scope.ts";

type Target = { readonly host?: string; readonly port?: number | string };
type Connect = (this: Socket, ...args: unknown[]) => Socket;

/**
 * Lets SDKs that call fixed ports reach this hub, as a port forwarding of the network would: connections to 443, 8883 and
 * 5671 of localhost, whichever package opens them, are led to the hub's ports until the scope ends.
 */
export function leadWellKnownPortsTo(scope: Scope, hub: TestHub): void {
  const { https, mqtts, amqps } = hub.node.ports;
  const led = new Map([
    [443, https],
    [8883, mqtts],
    [5671, amqps],
  ]);
  const prototype = Socket.prototype as unknown as { connect: Connect };
  const direct = prototype.connect;
  prototype.connect = function (...args) {
    const [first] = args;
    // Node's own callers hand over a list that starts with the options and carries a mark, so it is changed in place.
    if (Array.isArray(first)) first[0] = redirected(first[0], led);
    else args[0] = redirected(first, led);
    return direct.apply(this, args);
  };
  scope.after(() => {
    prototype.connect = direct;
  });
}

function redirected(options: unknown, led: ReadonlyMap<number, number>): unknown {
  if (typeof options !== "object" || options === null) return options;
  const { host, port } = options as Target;
  const instead = host === "localhost" ? led.get(Number(port)) : undefined;
  return instead === undefined ? options : { ...options, port: instead };
}
