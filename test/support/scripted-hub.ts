import { once } from "node:events";
import type { DeviceCredentials, DevicePrincipal, ServicePrincipal } from "../../core/access/access.ts";
import type {
  ReceiveCommand,
  ReceivedCommand,
  SendCommand,
  SettleCommand,
} from "../../core/cloud-to-device/commands.ts";
import type { FeedbackBatch } from "../../core/cloud-to-device/feedback.ts";
import type { Subscription } from "../../core/connection/connection.ts";
import type { Connected, ConnectRequest } from "../../core/connection/device-connections.ts";
import type { LiveSession } from "../../core/connection/sessions.ts";
import type { D2cMessage } from "../../core/device-to-cloud/message.ts";
import type { TelemetrySource } from "../../core/device-to-cloud/telemetry.ts";
import type { FileNotification } from "../../core/file-upload/notification.ts";
import type { Hub } from "../../core/hub/hub.ts";
import { HubError } from "../../core/hub-error.ts";
import type { JsonObject } from "../../core/json.ts";
import type { MethodListener } from "../../core/method/methods.ts";
import type { RecordBatch } from "../../core/record-batch.ts";
import type { ReportedPatch } from "../../core/twin/twins.ts";

type Stored = (error?: HubError) => void;
type Sent = D2cMessage & { readonly source: TelemetrySource; readonly stored: Stored };
type End = { readonly connectionId: string; readonly reason: string; readonly lastActivity: number };

/** A hub that does what a test tells it and notes what it was asked. Untold, it lets everyone in and stores everything. */
export class ScriptedHub {
  readonly credentials: DeviceCredentials[] = [];
  readonly connects: ConnectRequest[] = [];
  readonly ends: End[] = [];
  readonly subscribed: (readonly Subscription[])[] = [];
  readonly sent: Sent[] = [];
  readonly patches: ReportedPatch[] = [];
  readonly ready: (() => void)[] = [];
  /** Connections that take method calls now. */
  readonly listeners = new Set<MethodListener>();
  connected: Connected = { subscriptions: [], sessionPresent: false };
  /** False: `stored` is the test's to call. */
  storesAtOnce = true;
  /** What `send` returns. */
  takesMore = true;
  validUntil = Number.MAX_SAFE_INTEGER;
  desired = { values: {} as JsonObject, metadata: {}, version: 1 };
  reported = { values: {} as JsonObject, metadata: {}, version: 1 };
  onAuthenticate: () => void = () => {};
  onConnect: (request: ConnectRequest) => Promise<void> | void = () => {};
  onSubscribe: () => Promise<void> | void = () => {};
  onDisconnect: () => Promise<void> | void = () => {};
  onSend: (message: D2cMessage) => void = () => {};
  onPatch: (patch: ReportedPatch) => Promise<number> | number = () => 2;
  onGet: () => void = () => {};
  /** When calls reach a connection that begins to take them. */
  onListen: () => Promise<void> = async () => {};

  /** Cloud-to-device messages that wait for whoever asks. */
  readonly commands: ReceivedCommand[] = [];
  readonly received: ReceiveCommand[] = [];
  readonly settled: SettleCommand[] = [];
  onReceive: () => Promise<void> | void = () => {};
  onSettle: (settled: SettleCommand) => Promise<void> | void = () => {};
  /** When the first lock runs out. */
  nextUnlock: string | undefined;
  readonly sentCommands: SendCommand[] = [];
  onSendCommand: (sent: SendCommand) => Promise<void> | void = () => {};
  /** Batches of feedback that wait for whoever asks; `feedbackCame` is to be called when one is added. */
  readonly feedback: FeedbackBatch[] = [];
  feedbackCame: () => void = () => {};
  /** Notifications of files that wait for whoever asks. */
  readonly fileNotifications: RecordBatch<FileNotification>[] = [];

  /** The policy that a service token proves. */
  policy = "service";
  onAdmit: () => void = () => {};

  /** The hub as adapters see it. Members that no device's protocol uses throw when touched. */
  readonly hub: Hub;

  constructor() {
    const used: Partial<Hub> = {
      deviceAccess: { authenticate: (credentials) => this.#authenticate(credentials) },
      serviceAccess: {
        admit: () => this.#admit(),
        authorizeLink: () => this.#admit(),
        authorize: unexpected,
        authorizeModules: unexpected,
      },
      eventsAccess: { authorizeReader: () => this.#admit() },
      connections: this.#connections(),
      commands: this.#commandsUseCases(),
      feedback: { receive: (signal) => this.#feedback(signal), take: async () => this.feedback.shift() },
      fileNotifications: { receive: (signal) => this.#fileNotification(signal) },
      telemetry: {
        open: (source) => ({ send: (message, stored) => this.#send({ ...message, source, stored }) }),
        sendAll: unexpected,
        whenReady: (ready) => void this.ready.push(ready),
      },
      methods: {
        invoke: unexpected,
        invokeOnce: unexpected,
        listen: (listener) => {
          this.listeners.add(listener);
          return { ready: this.onListen(), stop: () => void this.listeners.delete(listener) };
        },
      },
      twins: {
        get: unexpected,
        update: unexpected,
        replace: unexpected,
        getProperties: () => {
          this.onGet();
          return { desired: this.desired, reported: this.reported };
        },
        patchReported: async (patch) => {
          this.patches.push(patch);
          return await this.onPatch(patch);
        },
      },
    };
    this.hub = new Proxy(used as Hub, { get: (target, name) => Reflect.get(target, name) ?? unexpected() });
  }

  /** The session of the newest connection. */
  get session(): LiveSession {
    const session = this.connects.at(-1)?.session;
    if (session === undefined) throw new Error("no connection yet");
    return session;
  }

  /** Stores the oldest messages that wait, in order. */
  store(count: number, error?: HubError): void {
    for (const { stored } of this.sent.splice(0, count)) stored(error);
  }

  #authenticate(credentials: DeviceCredentials): DevicePrincipal {
    this.credentials.push(credentials);
    this.onAuthenticate();
    const { deviceId, moduleId } = credentials;
    const key = moduleId === undefined ? { deviceId } : { deviceId, moduleId };
    return { ...key, generationId: "1", authMethod: "{}", validUntil: this.validUntil };
  }

  #admit(): ServicePrincipal {
    this.onAdmit();
    return { policy: this.policy, validUntil: this.validUntil };
  }

  #connections(): Hub["connections"] {
    return {
      connect: async (request) => {
        this.connects.push(request);
        await this.onConnect(request);
        return this.connected;
      },
      subscribe: async (_session, subscriptions) => {
        this.subscribed.push(subscriptions);
        await this.onSubscribe();
      },
      disconnect: async ({ connectionId }, reason, lastActivity) => {
        this.ends.push({ connectionId, reason, lastActivity });
        await this.onDisconnect();
      },
      closeLost: unexpected,
      closeLeftovers: unexpected,
    };
  }

  #commandsUseCases(): Hub["commands"] {
    return {
      send: async (request) => {
        this.sentCommands.push(request);
        await this.onSendCommand(request);
        return { messageId: "m", sequenceNumber: 1, enqueuedTime: "", expiresAt: "" };
      },
      receive: async (request) => {
        this.received.push(request);
        await this.onReceive();
        return this.commands.shift();
      },
      settle: async (request) => {
        this.settled.push(request);
        await this.onSettle(request);
      },
      nextUnlock: () => this.nextUnlock,
      purge: unexpected,
      pending: unexpected,
      state: unexpected,
      expireDue: unexpected,
    };
  }

  async #feedback(signal: AbortSignal): Promise<FeedbackBatch | undefined> {
    const { promise: over, resolve } = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => resolve());
    this.feedbackCame = resolve;
    if (this.feedback.length === 0) await over;
    return signal.aborted ? undefined : this.feedback.shift();
  }

  async #fileNotification(signal: AbortSignal): Promise<RecordBatch<FileNotification> | undefined> {
    const waiting = this.fileNotifications.shift();
    if (waiting === undefined && !signal.aborted) await once(signal, "abort");
    return waiting;
  }

  #send(message: Sent): boolean {
    this.onSend(message);
    this.sent.push(message);
    if (this.storesAtOnce) queueMicrotask(() => message.stored());
    return this.takesMore;
  }
}

function unexpected(): never {
  throw new Error("not for devices");
}

/** The error of a hub whose journal is out of reach. */
export const unavailable = (): HubError => new HubError("ServiceUnavailable", "The journal is out of reach.");
