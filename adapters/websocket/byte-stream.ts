import { Duplex } from "node:stream";
import type { RawData, WebSocket } from "ws";

/** Closing codes (RFC 6455 §7.4.1). */
const code = { normal: 1000, unsupportedData: 1003 } as const;

type Written = { readonly chunk: Buffer };
type Done = (error?: Error | null) => void;

/**
 * The bytes in the binary messages of an open WebSocket, as MQTT and AMQP use it: where one message ends and the next
 * begins means nothing (spec/mqtt 1, spec/amqp 1). `wire` is the stream below the WebSocket.
 *
 * It behaves as a socket does. While it is not read, nothing is read from the peer. A peer that closes or goes away ends
 * it; one that breaks a rule of RFC 6455, or sends text, is sent the code for that and the stream fails. `end` sends what
 * waits and begins the closing handshake, which the WebSocket's own close timeout bounds; `destroy` cuts the socket off.
 */
export class WebSocketStream extends Duplex {
  readonly #webSocket: WebSocket;
  readonly #wire: Duplex;
  /** What came in this tick. SDKs send a packet as several messages of a few bytes each, and those come together. */
  #pieces: Buffer[] = [];

  constructor(webSocket: WebSocket, wire: Duplex) {
    super({ allowHalfOpen: false });
    this.#webSocket = webSocket;
    this.#wire = wire;
    // Fragments need no joining: they are bytes like all others.
    webSocket.binaryType = "fragments";
    webSocket.on("message", this.#onMessage);
    webSocket.on("error", this.#onError);
    webSocket.on("close", this.#onClose);
  }

  override _read(): void {
    if (this.#webSocket.isPaused) this.#webSocket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#send(chunk, done);
  }

  override _writev(written: readonly Written[], done: Done): void {
    this.#wire.cork();
    const last = written.length - 1;
    for (const [index, { chunk }] of written.entries()) this.#send(chunk, index === last ? done : ignore);
    this.#wire.uncork();
  }

  override _final(done: Done): void {
    this.#webSocket.close(code.normal);
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#pieces = [];
    // A peer that did wrong is told so first: the close frame is on its way.
    const telling = error !== null && this.#webSocket.readyState === this.#webSocket.CLOSING;
    if (!telling) this.#webSocket.terminate();
    done(error);
  }

  /** Towards a peer that has closed, bytes are lost as they are on any socket; the end of the stream follows. */
  #send(chunk: Buffer, done: Done): void {
    if (this.#webSocket.readyState === this.#webSocket.OPEN) this.#webSocket.send(chunk, done);
    else done();
  }

  readonly #onMessage = (data: RawData, isBinary: boolean): void => {
    if (this.destroyed) return;
    if (!isBinary || !Array.isArray(data)) {
      this.#webSocket.close(code.unsupportedData, "only binary messages are taken");
      this.#onError(new Error("a text message came"));
      return;
    }
    if (data.length === 0) return;
    if (this.#pieces.length === 0) process.nextTick(this.#flush);
    for (const piece of data) this.#pieces.push(piece);
  };

  readonly #flush = (): void => {
    const [first, ...more] = this.#pieces;
    if (first === undefined || this.destroyed) return;
    const bytes = more.length === 0 ? first : Buffer.concat(this.#pieces);
    this.#pieces = [];
    if (!this.push(bytes)) this.#webSocket.pause();
  };

  /** What came before the fault is still good. */
  readonly #onError = (error: Error): void => {
    this.#flush();
    this.destroy(error);
  };

  readonly #onClose = (): void => {
    if (this.destroyed) return;
    this.#flush();
    this.push(null);
  };
}

const ignore = (): void => {};
