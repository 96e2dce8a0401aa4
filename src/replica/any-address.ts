import { once } from 'node:events';
import { createServer } from 'node:net';

/** The address that stands for every address of this machine: `::`, which takes IPv4 as well, or where there is no IPv6 `0.0.0.0`. */
export async function anyAddress(canListen: (host: string) => Promise<boolean> = canListenOn): Promise<string> {
  return (await canListen('::')) ? '::' : '0.0.0.0';
}

/** Tried rather than looked up: an interface without IPv6 addresses tells nothing of the kernel, nor of what a sandbox forbids. */
async function canListenOn(host: string): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(0, host), 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
