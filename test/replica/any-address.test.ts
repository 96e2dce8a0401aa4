import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it, test } from 'node:test';
import { anyAddress } from '../../src/replica/any-address.ts';
import { writeWorld } from '../commands/world-files.ts';
import { startGridgate } from '../process/gridgate-process.ts';

const IPV4 = '127.0.0.1';
const IPV6 = '::1';
const hasIpv6 = await new Promise<boolean>((resolve) => {
  const server = createServer().once('error', () => resolve(false));
  server.listen(0, IPV6, () => server.close(() => resolve(true)));
});
const BOTH = hasIpv6 ? [IPV4, IPV6] : [IPV4];

describe('the address for every address', () => {
  const machines: readonly [name: string, canListen: (host: string) => boolean, expected: string][] = [
    ['with IPv6 and IPv4', () => true, '::'],
    ['without IPv6', (host) => host !== '::', '0.0.0.0'],
  ];
  for (const [name, canListen, expected] of machines)
    test(`${name}: ${expected}`, async () => assert.equal(await anyAddress(async (host) => canListen(host)), expected));

  test('of this machine', async () => assert.equal(await anyAddress(), hasIpv6 ? '::' : '0.0.0.0'));
});

describe('gridgate serve', { timeout: 300_000 }, () => {
  const rows: readonly [name: string, args: readonly string[], expected: readonly string[]][] = [
    ['answers on IPv4 and IPv6 unless it is told where', [], BOTH],
    ['listens only where it is told', ['--host', IPV4], [IPV4]],
  ];
  for (const [name, args, expected] of rows)
    it(`${name}: reviews`, async (t) => {
      const files = await writeWorld(t);
      const gridgate = await startGridgate({ args: [...files.args, ...args], anyAddress: true });
      t.after(() => gridgate.end('SIGKILL'));
      assert.deepEqual(await whoAnswers(gridgate.webhook), expected);
      assert.equal(await gridgate.end(), 0);
    });

  for (const [name, args, expected] of rows)
    it(`${name}: metrics and probes in a cluster`, async (t) => {
      const { directory } = await writeWorld(t);
      const kubeconfig = join(directory, 'kubeconfig');
      writeFileSync(kubeconfig, JSON.stringify(NO_CLUSTER));
      const cluster = ['--kubeconfig', kubeconfig, '--roles', 'controllers', '--shutdown-delay', '0'];
      const gridgate = await startGridgate({ args: [...cluster, ...args], anyAddress: true });
      t.after(() => gridgate.end('SIGKILL'));
      assert.deepEqual(await whoAnswers(gridgate.operators), expected);
      assert.equal(await gridgate.end(), 0);
    });
});

/** An API server that is away. */
const NO_CLUSTER = {
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [{ name: 'none', cluster: { server: 'https://127.0.0.1:1' } }],
  users: [{ name: 'nobody', user: {} }],
  contexts: [{ name: 'none', context: { cluster: 'none', user: 'nobody' } }],
  'current-context': 'none',
};

/** On which addresses of loopback the port of this origin takes connections. */
async function whoAnswers(origin: string): Promise<readonly string[]> {
  const port = Number(new URL(origin).port);
  const tried = [IPV4, IPV6].map(async (host) => {
    const socket = connect({ host, port });
    try {
      await once(socket, 'connect');
      return [host];
    } catch {
      return [];
    } finally {
      socket.destroy();
    }
  });
  return (await Promise.all(tried)).flat();
}
