import type { Socket } from "node:net";
import type { Server } from "node:tls";

const peerOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

/**
 * Has a TLS server close new connections at once while `maxHandshakes` others are still in their handshake: of all that a
 * stranger can ask for, handshakes cost the most.
 */
export function boundHandshakes(server: Server, maxHandshakes: number): void {
  // A TLS socket has no way back to the plain one below it, but both know their peer.
  const handshakes = new Set<string>();
  server.prependListener("connection", (socket: Socket) => {
    if (handshakes.size >= maxHandshakes) {
      socket.destroy();
      return;
    }
    const peer = peerOf(socket);
    handshakes.add(peer);
    socket.once("close", () => handshakes.delete(peer));
  });
  server.on("secureConnection", (socket) => handshakes.delete(peerOf(socket)));
}
