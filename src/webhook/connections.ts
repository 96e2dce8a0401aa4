import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { cutOff } from './cut-off.ts';

/** The connections of a server, and how to be rid of them. */
export interface Connections {
  /**
   * Closes those that never sent a request. Go clients open some in reserve; Node counts them as busy, as it does one that
   * never shook hands, and would wait for them when the server closes.
   */
  closeSilent(): void;
}

interface Connection {
  /** Below TLS where there is any: closing it closes all. */
  readonly socket: Socket;
  readonly address: string;
  /** The number of its last request among all; 0 while it never sent one. */
  lastRequest: number;
  /** How many requests came in the running turn of the event loop. */
  atOnce: number;
}

/** A proper caller waits for the answer before it sends the next request. */
const MOST_AT_ONCE = 32;

type AnyServer = Pick<Server, 'on'>;

/**
 * Keeps at most so many connections open: each takes 60 KB, and whoever reaches the port can open thousands. One more
 * closes another, of the address that has most of them:
 *
 * | among the connections of that address | is closed                              |
 * | -------------------------------------- | -------------------------------------- |
 * | some never sent a request              | of these the oldest, but not the new one |
 * | all others sent one                    | the one whose last request is oldest   |
 *
 * So a crowd closes its own, and an API server that shares its address with one goes on with those that it uses.
 *
 * Whoever sends many small things in one go is cut off, once there is an answer: Node hands over each of them by itself.
 * Those are requests, and the chunks of a body whose length nobody knows.
 */
export function followConnections(server: AnyServer, most: number): Connections {
  const all = new Set<Connection>();
  const byKey = new Map<string, Connection>();
  const bySocket = new WeakMap<Socket, Connection>();
  const asking = new Set<Connection>();
  let requests = 0;

  function endTurn(): void {
    for (const connection of asking) connection.atOnce = 0;
    asking.clear();
  }

  server.on('connection', (socket: Socket) => {
    const connection = { socket, address: socket.remoteAddress ?? '', lastRequest: 0, atOnce: 0 };
    const key = keyOf(socket);
    all.add(connection);
    byKey.set(key, connection);
    bySocket.set(socket, connection);
    socket.once('close', () => {
      all.delete(connection);
      if (byKey.get(key) === connection) byKey.delete(key);
    });
    if (all.size > most) superfluous(all, connection)?.socket.destroy();
  });
  server.on('secureConnection', (socket: Socket) => {
    const connection = byKey.get(keyOf(socket));
    if (connection) bySocket.set(socket, connection);
  });
  server.on('request', (request: IncomingMessage) => {
    const connection = bySocket.get(request.socket);
    requests += 1;
    if (!connection) return;
    connection.lastRequest = requests;
    if (asking.size === 0) setImmediate(endTurn);
    asking.add(connection);
    connection.atOnce += 1;
    if (connection.atOnce > MOST_AT_ONCE || 'transfer-encoding' in request.headers) cutOff(request);
  });
  return {
    closeSilent() {
      for (const { socket, lastRequest } of all) if (lastRequest === 0) socket.destroy();
    },
  };
}

function keyOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function superfluous(all: Iterable<Connection>, newest: Connection): Connection | undefined {
  const address = mostCrowded(all);
  let chosen: Connection | undefined;
  for (const connection of all) {
    if (connection.address !== address || connection === newest) continue;
    if (!chosen || connection.lastRequest < chosen.lastRequest) chosen = connection;
  }
  return chosen;
}

function mostCrowded(connections: Iterable<Connection>): string | undefined {
  const counts = new Map<string, number>();
  let crowded: string | undefined;
  for (const { address } of connections) {
    const count = (counts.get(address) ?? 0) + 1;
    counts.set(address, count);
    if (crowded === undefined || count > (counts.get(crowded) ?? 0)) crowded = address;
  }
  return crowded;
}
