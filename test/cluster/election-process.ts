// Run by leader-election.e2e.ts in a process of its own: an election, and while it leads a write every 500 ms into one
// ConfigMap through a guarded ApiWriter. Prints JSON lines; SIGTERM stops it cleanly.
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { createApiClient } from '../../src/cluster/api-client.ts';
import { createApiWriter } from '../../src/cluster/api-writer.ts';
import { loadKubeConfig } from '../../src/cluster/kube-config.ts';
import { createLeaderElection } from '../../src/cluster/leader-election.ts';
import { NotLeadingError } from '../../src/cluster/leadership.ts';

const [, , kubeconfig, identity] = process.argv;
if (kubeconfig === undefined || identity === undefined) throw new Error('usage: <kubeconfig> <identity>');

const PATH = '/api/v1/namespaces/default/configmaps/written';
let term = 0;
let seen: string | undefined;
const api = createApiClient(loadKubeConfig({ file: kubeconfig }));
const election = createLeaderElection({
  api,
  namespace: 'default',
  name: 'gridgate',
  identity,
  log: pino({ level: 'info' }, { write: (line) => print({ event: 'log', message: JSON.parse(line).msg }) }),
  onChange(leading) {
    term += leading ? 1 : 0;
    print({ event: leading ? 'gained' : 'lost' });
  },
});
const writer = createApiWriter({ api, mayWrite: election.assertLeading });

const stopping = new AbortController();
process.once('SIGTERM', () => stopping.abort());
process.stdin.on('end', () => process.exit(1)).resume(); // the test is gone
election.start();
for (let count = 1; !stopping.signal.aborted; count += 1) {
  // Tried every time, whether this process leads or not: the guard alone keeps it from writing.
  await write(count);
  if (seen !== election.leader()) print({ event: 'saw', leader: election.leader() });
  seen = election.leader();
  await sleep(500, undefined, { signal: stopping.signal }).catch(() => {});
}
await election.stop();
print({ event: 'stopped' });
api.close();
process.stdin.destroy();

async function write(count: number): Promise<void> {
  const own = identity ?? '';
  // A key of its own, so that managedFields tells when each process wrote last.
  const data = { [own]: String(count) };
  const metadata = { name: 'written', namespace: 'default' };
  try {
    const written = await writer.apply(
      PATH,
      { apiVersion: 'v1', kind: 'ConfigMap', metadata, data },
      { fieldManager: own },
    );
    print({ event: 'wrote', count, term, resourceVersion: Number(written.metadata.resourceVersion) });
  } catch (error) {
    if (!(error instanceof NotLeadingError)) print({ event: 'failed', message: (error as Error).message });
  }
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify({ at: Date.now(), ...line })}\n`);
}
