import type { IncomingMessage } from 'node:http';

/**
 * Closes the connection of a request, now. Closing alone lets Node's parser go on with whatever is here of it, 20 ms for
 * chunks of one byte; it stops as soon as somebody else reads the connection.
 */
export function cutOff({ socket }: IncomingMessage): void {
  if (socket.destroyed) return;
  socket.once('readable', () => {});
  socket.destroy();
}
