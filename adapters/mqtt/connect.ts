import { isUtf8 } from "node:buffer";
import type { D2cMessage } from "../../core/device-to-cloud/message.ts";
import type { IdentityKey } from "../../core/events.ts";
import { ConnectRefused } from "./connack.ts";
import { decodeConnect } from "./control-packets.ts";
import type { FrameReader } from "./frame-reader.ts";
import { ProtocolViolation } from "./protocol-violation.ts";
import { parseUsername } from "./username.ts";
import { readWill } from "./will.ts";

/** What a CONNECT says, before anything of it is believed. */
export type ConnectDetails = {
  readonly identity: IdentityKey;
  readonly hostName: string;
  /** The SAS token; undefined when the CONNECT had no password. */
  readonly token: string | undefined;
  readonly cleanSession: boolean;
  readonly keepAliveSeconds: number;
  readonly modelId?: string;
  readonly clientType?: string;
  readonly will?: D2cMessage;
};

/** SAS tokens have a few hundred characters. */
const maxTokenBytes = 4_096;

/**
 * Reads the CONNECT in the reader (spec/mqtt 2). Throws ConnectRefused with the CONNACK to send, or
 * ProtocolViolation when none is due.
 */
export function readConnect(reader: FrameReader): ConnectDetails {
  checkProtocol(reader);
  const { clientId, username, password, clean, keepalive, will } = decodeConnect(reader);
  const names = username === undefined ? undefined : parseUsername(username);
  if (names === undefined) throw new ConnectRefused("notAuthorized", "user name missing or malformed");

  const { hostName, deviceId, moduleId, modelId, clientType } = names;
  const identity = moduleId === undefined ? { deviceId } : { deviceId, moduleId };
  // Covers the empty client id too, which MQTT would refuse with the same code ([MQTT-3.1.3-8]). That IoT Hub answers 2
  // here and not 5 is unconfirmed; SDKs treat both alike.
  if (clientId !== (moduleId === undefined ? deviceId : `${deviceId}/${moduleId}`)) {
    throw new ConnectRefused("identifierRejected", "client id does not match the user name");
  }
  return {
    identity,
    hostName,
    token: readToken(password),
    cleanSession: clean === true,
    keepAliveSeconds: keepalive ?? 0,
    ...(modelId === undefined ? {} : { modelId }),
    ...(clientType === undefined ? {} : { clientType }),
    ...(will === undefined ? {} : { will: readWill(will, identity) }),
  };
}

function readToken(password: Buffer | undefined): string | undefined {
  if (password === undefined) return undefined;
  if (password.length > maxTokenBytes || !isUtf8(password)) {
    throw new ConnectRefused("notAuthorized", "password is no SAS token");
  }
  return password.toString("utf8");
}

/**
 * Protocol name and level come before the rest, as the rest depends on them (MQTT 3.1.1 §3.1.2). Level 3 and others get
 * code 1 ([MQTT-3.1.2-2]); a client of MQTT 5 is told in MQTT 5, since the hub does not offer IoT Hub's preview of it.
 */
function checkProtocol({ buffer, start, end }: FrameReader): void {
  const nameLength = end - start >= 2 ? buffer.readUInt16BE(start) : 0;
  const levelAt = start + 2 + nameLength;
  if (levelAt >= end) throw new ProtocolViolation("malformed CONNECT");
  const name = buffer.toString("latin1", start + 2, levelAt);
  if (name !== "MQTT" && name !== "MQIsdp") throw new ProtocolViolation("not MQTT");
  const level = buffer[levelAt];
  if (name === "MQTT" && level === 4) return;
  if (name === "MQTT" && level === 5) throw new ConnectRefused("version5", "MQTT 5 is not offered");
  throw new ConnectRefused("unacceptableProtocolLevel", "protocol level is not 4");
}
