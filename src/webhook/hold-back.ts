import type { Socket } from 'node:net';

/** By connection, how many of its requests wait. */
const held = new WeakMap<Socket, { count: number }>();

/**
 * Reads nothing more from a connection, until the function that it answers is called. Pausing a request is not enough:
 * what Node reads at once becomes one buffer a chunk, however small the chunks. Whoever reads a request wakes its
 * connection, each time.
 */
export function holdBack(socket: Socket): () => void {
  const hold = held.get(socket) ?? holdFrom(socket);
  hold.count += 1;
  socket.pause();
  let isHeld = true;
  return () => {
    if (!isHeld) return;
    isHeld = false;
    hold.count -= 1;
    if (hold.count === 0) socket.resume();
  };
}

function holdFrom(socket: Socket): { count: number } {
  const hold = { count: 0 };
  held.set(socket, hold);
  socket.on('resume', () => {
    if (hold.count > 0) socket.pause();
  });
  return hold;
}
