import assert from "node:assert/strict";
import { once } from "node:events";
import { request as httpsRequest, type RequestOptions } from "node:https";
import { after, before, suite, test } from "node:test";
import tls from "node:tls";
import { pino } from "pino";
import { createHttpServer, type HttpServer } from "../../../../adapters/http/server.ts";
import { parseHostNames } from "../../../../adapters/tls/host-names.ts";
import { issueCa, issueServerCertificate } from "../../../../adapters/tls/issue-certificate.ts";
import { type HubTlsOptions, hubTlsOptions } from "../../../../adapters/tls/tls-options.ts";
import { deviceView, scriptedHub } from "./http-fixture.ts";

/** What only a real TLS socket shows. */
suite("the HTTPS server on a socket", () => {
  let ca = "";
  let issue: () => Promise<HubTlsOptions>;
  let options: HubTlsOptions;
  let changeCertificate: (options: HubTlsOptions) => void;
  let http: HttpServer;
  let port = 0;
  const bodies: string[] = [];
  const asked: string[] = [];

  before(async () => {
    const authority = await issueCa({ now: new Date() });
    ca = authority.certificate;
    issue = async () => {
      const hostNames = parseHostNames(["localhost"]);
      const leaf = await issueServerCertificate({ ca: authority, hostNames, now: new Date() });
      return hubTlsOptions({ cert: leaf.certificate, key: leaf.key });
    };
    options = await issue();
    const { hub } = scriptedHub({
      "registry.deleteDevice": () => undefined,
      "registry.getDevice": (id: string) => {
        asked.push(id);
        return deviceView();
      },
      "telemetry.sendAll": (_source: unknown, [message]: [{ body: Uint8Array }]) => {
        bodies.push(Buffer.from(message.body).toString());
      },
    });
    const context = {
      options: () => options,
      onChange: (listener: typeof changeCertificate) => {
        changeCertificate = listener;
      },
    };
    http = await createHttpServer({
      hubName: "hub-1",
      hub,
      log: pino({ level: "silent" }),
      tls: context,
      readiness: () => ({ ready: true }),
    });
    port = await http.listen({ host: "127.0.0.1", port: 0 });
  });
  after(() => http.close());

  const connect = async () => {
    const socket = tls.connect({ port, host: "127.0.0.1", servername: "localhost", ca });
    await once(socket, "secureConnect");
    return socket;
  };

  /** Sends bytes and reads until the server ends the connection. */
  const exchange = async (text: string): Promise<string> => {
    const socket = await connect();
    socket.write(text);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  };

  const get = (extra: RequestOptions) =>
    new Promise<number>((resolve, reject) => {
      const target = { port, host: "127.0.0.1", servername: "localhost", ca, agent: false } as const;
      const call = httpsRequest({ ...target, ...extra }, (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode ?? 0));
      });
      call.on("error", reject);
      call.end();
    });

  // spec/http-api 1.6
  test("a 204 states its length on the wire", async () => {
    const answer = await exchange("DELETE /devices/d HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert.match(answer, /^HTTP\/1\.1 204 No Content\r\n/);
    assert.match(answer, /\r\ncontent-length: 0\r\n/);
    assert.match(answer, /\r\nDate: /);
  });

  // spec/http-api 10
  test("Expect: 100-continue is answered before the body comes", async () => {
    const socket = await connect();
    socket.write(
      "POST /devices/d/messages/events HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
    );
    const [first] = (await once(socket, "data")) as [Buffer];
    assert.match(first.toString(), /^HTTP\/1\.1 100 Continue\r\n/);
    socket.write("hello");
    const [second] = (await once(socket, "data")) as [Buffer];
    assert.match(second.toString(), /^HTTP\/1\.1 204 /);
    assert.equal(bodies.at(-1), "hello");
    socket.destroy();
  });

  // spec/http-api 10: the Node SDK sends telemetry in chunks and without a type
  test("a chunked body without a type is taken, and the connection kept", async () => {
    const socket = await connect();
    for (const text of ["one", "two"]) {
      socket.write("POST /devices/d/messages/events HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
      socket.write(`3\r\n${text}\r\n0\r\n\r\n`);
      const [answer] = (await once(socket, "data")) as [Buffer];
      assert.match(answer.toString(), /^HTTP\/1\.1 204 /);
      assert.equal(bodies.at(-1), text);
    }
    socket.destroy();
  });

  test("dots, an absolute target and raw characters reach the route as ids", async () => {
    const paths = ["/devices/..", "https://other:1234/devices/a?x=1", "/devices/b'(x)!*+"];
    for (const path of paths) assert.equal(await get({ path }), 200, path);
    assert.deepEqual(asked.slice(-3), ["..", "a", "b'(x)!*+"]);
  });

  test("what is not HTTP gets an error in form A and the end of the connection", async () => {
    const answer = await exchange("GARBAGE\r\n\r\n");
    assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/);
    assert.match(answer, /\r\niothub-errorcode: GenericBadRequest\r\n/);
    assert.match(
      answer,
      /\r\n\r\n\{"Message":"ErrorCode:GenericBadRequest;[^;]*","ExceptionMessage":"Tracking ID:[^"]*"\}$/,
    );
  });

  test("32 KiB of headers are enough for anybody", async () => {
    const request = (sizeBytes: number) =>
      exchange(
        `GET /devices/d HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nx: ${"x".repeat(sizeBytes)}\r\n\r\n`,
      );
    assert.match(await request(30_000), /^HTTP\/1\.1 200 /);
    assert.match(await request(40_000), /^HTTP\/1\.1 400 [\s\S]*ErrorCode:GenericBadRequest;/);
  });

  test("a request to upgrade is answered like any other", async () => {
    const upgrade =
      "Connection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAA\r\n";
    const answer = await exchange(`GET /$iothub/websocket HTTP/1.1\r\nHost: localhost\r\n${upgrade}\r\n`);
    assert.match(answer, /^HTTP\/1\.1 404 [\s\S]*ErrorCode:GenericNotFound;/);
  });

  test("slow clients have an end, idle ones keep their connection for minutes", () => {
    assert.equal(http.server.headersTimeout, 30_000);
    assert.equal(http.server.requestTimeout, 60_000);
    assert.ok(http.server.keepAliveTimeout >= 120_000);
  });

  test("a plain-text client and one that gives up leave the server alone", async () => {
    const { connect: connectTcp } = await import("node:net");
    const plain = connectTcp(port, "127.0.0.1");
    plain.on("error", () => {});
    plain.write("GET / HTTP/1.1\r\n\r\n");
    plain.resume();
    await once(plain, "close");
    const gone = await connect();
    gone.write(
      "PUT /devices/d HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    );
    gone.destroy();
    assert.equal(await get({ path: "/healthz" }), 200);
  });

  // spec/http-api 10: TLS
  test("a new certificate is served without a restart, standing connections stay", async () => {
    const standing = await connect();
    const before = standing.getPeerCertificate().fingerprint256;
    options = await issue();
    changeCertificate(options);
    const next = await connect();
    assert.notEqual(next.getPeerCertificate().fingerprint256, before);
    next.destroy();
    standing.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const [answer] = (await once(standing, "data")) as [Buffer];
    assert.match(answer.toString(), /^HTTP\/1\.1 200 /);
    standing.destroy();
  });

  test("a port that is taken is an error, and the server can still be closed", async () => {
    const { hub } = scriptedHub({});
    const context = { options: () => options, onChange: () => {} };
    const second = await createHttpServer({
      hubName: "hub-1",
      hub,
      log: pino({ level: "silent" }),
      tls: context,
      readiness: () => ({ ready: true }),
    });
    await assert.rejects(second.listen({ host: "127.0.0.1", port }), { code: "EADDRINUSE" });
    await second.close();
  });
});
