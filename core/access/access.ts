import type { Actor, IdentityKey } from "../events.ts";
import type { Right } from "./policies.ts";

/** What a back end's request shows of itself: the `Authorization` header and the path it asks for, undecoded, no query. */
export type ServiceRequest = { readonly authorization: string | undefined; readonly path: string };

/** Lets back ends in. */
export type ServiceAccess = {
  /**
   * Checks a back end's SAS token, its scope and that its policy holds one of `rights`. Returns the actor for the events
   * that follow. Throws HubError `IotHubUnauthorizedAccess` (spec/identity-and-security 5.3, 5.4, 6).
   */
  authorize(request: ServiceRequest, ...rights: readonly Right[]): Actor;
  /**
   * As `authorize`, but also lets a device in with its own key, for the modules of that device: IoT Edge registers its
   * modules this way (spec/identity-and-security 5.4).
   */
  authorizeModules(request: ServiceRequest, deviceId: string, ...rights: readonly Right[]): Actor;
  /**
   * Checks a policy's token by itself: its signature, its expiry, and that its `sr` names this hub. What it may be used
   * for is checked when it is used (`authorizeLink`). Throws HubError `IotHubUnauthorizedAccess` (spec/amqp 4).
   */
  admit(token: string): ServicePrincipal;
  /** As `authorize`, for a link that goes on as long as its token counts. */
  authorizeLink(request: ServiceRequest, ...rights: readonly Right[]): ServicePrincipal;
};

/** A back end that proved which policy it holds. */
export type ServicePrincipal = {
  readonly policy: string;
  /** Milliseconds since 1970 after which the hub no longer honours the token, the clock skew it grants included. */
  readonly validUntil: number;
};

/** Lets the readers of the built-in, Event Hubs-compatible endpoint in. */
export type EventsAccess = {
  /**
   * Checks a token for a path of the endpoint, such as `<entity>/ConsumerGroups/$Default/Partitions/0`: signed by a policy
   * with ServiceConnect, and with a scope `sb://<host>/<path or a beginning of it>`. Event Hubs clients sign with the
   * key's text, IoT Hub clients with the bytes that it stands for: both are taken. Throws HubError
   * `IotHubUnauthorizedAccess` (spec/amqp 4, 9).
   */
  authorizeReader(token: string, path: string): ServicePrincipal;
};

/** What a device shows to come in. `hostName` is the name it believes the hub to have, when the protocol carries it. */
export type DeviceCredentials = IdentityKey & {
  readonly hostName?: string;
  /** The SAS token as sent; undefined when none came. */
  readonly token: string | undefined;
};

/** An identity that proved itself. */
export type DevicePrincipal = IdentityKey & {
  readonly generationId: string;
  /** Compact JSON text for `iothub-connection-auth-method`. */
  readonly authMethod: string;
  /** Milliseconds since 1970 after which the hub no longer honours the token, the clock skew it grants included. */
  readonly validUntil: number;
  /** The token's policy, when a policy signed it. */
  readonly policy?: string;
};

/** Lets devices and modules in. */
export type DeviceAccess = {
  /**
   * Checks a SAS token for an identity: signature by one of its keys or by a policy with DeviceConnect, expiry with
   * 5 minutes of skew, scope, and that the device is enabled. Throws HubError `IotHubUnauthorizedAccess`, with one of
   * IoT Hub's texts, never a hint that tells an unknown device from a wrong key.
   */
  authenticate(credentials: DeviceCredentials): DevicePrincipal;
};
