import assert from "node:assert/strict";
import { type AmqpError, LinkEnded, RawAmqpClient } from "./amqp-client.ts";
import { registerDevice } from "./device.ts";
import { sasToken } from "./device-login.ts";
import type { TestHub } from "./hub.ts";
import type { Scope } from "./suite-scope.ts";
import { keyIn } from "./transports.ts";

/** Raw AMQP clients for devices of one hub, which are registered when they are first named. */
export class AmqpLogins {
  readonly #hub: () => TestHub;
  readonly #keys = new Map<string, string>();

  constructor(hub: () => TestHub) {
    this.#hub = hub;
  }

  /** The key of a device. */
  async keyOf(deviceId: string): Promise<string> {
    const key = this.#keys.get(deviceId) ?? keyIn(await registerDevice(this.#hub(), deviceId));
    this.#keys.set(deviceId, key);
    return key;
  }

  /** A token for a device. It lasts a day unless told. */
  async tokenOf(deviceId: string, lifetimeSeconds?: number): Promise<string> {
    return sasToken(`localhost/devices/${encodeURIComponent(deviceId)}`, await this.keyOf(deviceId), lifetimeSeconds);
  }

  /** A token of the policy iothubowner for the whole hub. */
  ownerToken(): string {
    return `${sasToken("localhost", keyIn(this.#hub().connectionString))}&skn=iothubowner`;
  }

  /** A client that has put the device's token. */
  async proved(scope: Scope, deviceId: string): Promise<RawAmqpClient> {
    const client = new RawAmqpClient(scope, this.#hub());
    await this.put(client, deviceId);
    return client;
  }

  /** Puts a device's token on a connection. */
  async put(client: RawAmqpClient, deviceId: string): Promise<void> {
    const name = `localhost/devices/${encodeURIComponent(deviceId)}`;
    assert.equal((await client.putToken(name, await this.tokenOf(deviceId))).code, 200);
  }
}

/** The error that the hub refuses a link with, whose condition must be this one. */
export async function refused(opening: Promise<unknown>, condition: string): Promise<AmqpError> {
  try {
    await opening;
  } catch (error) {
    if (!(error instanceof LinkEnded)) throw error;
    assert.equal(error.error.condition, condition);
    return error.error;
  }
  return assert.fail(`the link was not refused with ${condition}`);
}
