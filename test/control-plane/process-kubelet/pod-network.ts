import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import type { Guardian } from '../guardian.ts';

const run = promisify(execFile);

export type Family = 'IPv4' | 'IPv6';

/** Addresses of the pods of one control plane, told from those of others on this machine by the API server's port. */
export type PodNetwork = {
  readonly family: Family;
  /** Where pods reach the API server: the first address of the range of Services, which its certificate names. */
  readonly serviceAddress: string;
  readonly gateway: string;
};

/** A network namespace that lives as long as its process, as with the `pause` container of a real pod. */
export type Sandbox = {
  readonly pid: number;
  readonly address: string;
  end(): void;
};

/** Each has an address of its own in the last byte of one for IPv4, also those that are gone. */
const MOST_PODS = 253;
const PREFIX = { IPv4: 32, IPv6: 128 } as const;

export function planPodNetwork(family: Family, apiServerPort: number): PodNetwork {
  const [high, low] = [(apiServerPort >> 8) & 127, apiServerPort & 255];
  return family === 'IPv4'
    ? { family, serviceAddress: '10.96.0.1', gateway: `10.${128 + high}.${low}.1` }
    : { family, serviceAddress: 'fd00:96::1', gateway: `fd00:${apiServerPort.toString(16)}::1` };
}

/**
 * One more pod's network: a wire from this machine to a namespace in which nothing else can be reached. All of it is gone with
 * the sandbox's process, whatever becomes of the test.
 */
export async function createSandbox(network: PodNetwork, number: number, guardian: Guardian): Promise<Sandbox> {
  const { family, gateway, serviceAddress } = network;
  if (family === 'IPv4' && number > MOST_PODS) throw new Error(`a control plane gives addresses to ${MOST_PODS} pods`);
  const address = gateway.replace(/1$/, family === 'IPv4' ? String(number + 1) : (number + 1).toString(16));
  const pid = await startPause(guardian);
  const wire = `gg${pid}`;
  const there = (...args: string[]) => run('nsenter', [`--net=/proc/${pid}/ns/net`, 'ip', ...args]);
  await run('ip', ['link', 'add', wire, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pid)]);
  for (const own of [gateway, serviceAddress])
    await run('ip', ['addr', 'add', ...withPrefix(own, family), 'dev', wire]);
  await run('ip', ['link', 'set', wire, 'up']);
  await run('ip', ['route', 'add', address, 'dev', wire, 'src', gateway]);
  await there('link', 'set', 'lo', 'up');
  await there('addr', 'add', ...withPrefix(address, family), 'dev', 'eth0');
  await there('link', 'set', 'eth0', 'up');
  await there('route', 'add', gateway, 'dev', 'eth0');
  await there('route', 'add', 'default', 'via', gateway, 'dev', 'eth0');
  return {
    pid,
    address,
    end() {
      guardian.forget(pid);
      kill(pid);
    },
  };
}

/** `nodad`: an IPv6 address can otherwise not be bound in its first second. */
function withPrefix(address: string, family: Family): string[] {
  return [`${address}/${PREFIX[family]}`, ...(family === 'IPv6' ? ['nodad'] : [])];
}

async function startPause(guardian: Guardian): Promise<number> {
  const pause = spawn('unshare', ['--net', 'sh', '-c', 'echo; exec sleep infinity'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  pause.unref();
  const { pid } = pause;
  if (pid === undefined) throw new Error('cannot start a network namespace');
  guardian.watch(pid);
  await new Promise<void>((resolve, reject) => {
    pause.stdout.once('data', () => resolve());
    pause.once('exit', (code) => reject(new Error(`cannot make a network namespace: unshare ended with ${code}`)));
  });
  pause.stdout.destroy();
  return pid;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
}
