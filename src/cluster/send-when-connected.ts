import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Sends a request after a last look. Node sends one by itself as soon as its connection is there, and that can be long
 * after the request was made: the process was stopped meanwhile, or the server was slow. What `beforeSend` throws becomes
 * the request's error, and nothing is sent.
 */
export function sendWhenConnected(outgoing: ClientRequest, body: string | undefined, beforeSend: () => void): void {
  function send(): void {
    try {
      beforeSend();
      outgoing.end(body);
    } catch (error) {
      outgoing.destroy(error as Error);
    }
  }

  outgoing.once('socket', (socket: Socket & { readonly secureConnecting?: boolean }) => {
    if (socket.secureConnecting) socket.once('secureConnect', send);
    else if (socket.connecting) socket.once('connect', send);
    else send();
  });
}
