import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { skip } from '../control-plane/assets.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/start.ts';

const SCRIPT = fileURLToPath(new URL('election-process.ts', import.meta.url));
const LEASE = '/apis/coordination.k8s.io/v1/namespaces/default/leases/gridgate';
const CONFIG_MAP = '/api/v1/namespaces/default/configmaps/written';

interface Line {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly event: 'gained' | 'lost' | 'wrote' | 'failed' | 'saw' | 'log' | 'stopped';
  readonly term?: number;
  readonly leader?: string;
  readonly resourceVersion?: number;
}

interface Candidate {
  readonly identity: string;
  readonly child: ChildProcess;
  readonly lines: Line[];
  leads(): boolean;
}

describe('leader election among real processes', () => {
  let controlPlane: ControlPlane;
  /** All that ever ran, and those of them that still do. */
  const all: Candidate[] = [];
  const running = new Set<Candidate>();

  before(async () => {
    if (skip) return;
    controlPlane = await startControlPlane({ workers: [] });
    for (let i = 0; i < 3; i += 1) startCandidate();
  });
  after(async () => {
    for (const { child } of running) child.kill('SIGKILL');
    await controlPlane?.stop();
  });

  test('one of three leads and writes', { skip }, async (t) => {
    const leader = await untilOneLeads();
    await untilItWrites(leader, 3);
    const { spec } = await read(LEASE);
    assert.deepEqual([spec.holderIdentity, spec.leaseDurationSeconds], [leader.identity, 15]);
    assert.deepEqual(Object.keys((await read(CONFIG_MAP)).data), [leader.identity]);
    t.diagnostic(`first leader ${leader.identity}`);
  });

  test('a leader that is killed has a successor within 20 s', { skip }, async (t) => {
    const leader = await untilOneLeads();
    await untilAllSee(leader);
    end(leader, 'SIGKILL');
    await reportSuccessor(t, 'leader killed with -9', Date.now(), 20_000);
    startCandidate();
  });

  test('a leader that ends cleanly has a successor within 5 s', { skip }, async (t) => {
    const leader = await untilOneLeads();
    await untilAllSee(leader);
    const exited = once(leader.child, 'exit');
    end(leader, 'SIGTERM');
    await reportSuccessor(t, 'leader released the lease', Date.now(), 5_000);
    assert.deepEqual(await exited, [0, null]);
    assert.equal(leader.lines.at(-1)?.event, 'stopped');
    startCandidate();
  });

  test('a leader that is stopped for 30 s writes nothing when it wakes', { skip }, async (t) => {
    const leader = await untilOneLeads();
    await untilItWrites(leader, 1);
    leader.child.kill('SIGSTOP');
    running.delete(leader);
    const stoppedAt = Date.now();
    await reportSuccessor(t, 'leader stopped with SIGSTOP', stoppedAt, 20_000);
    await sleep(stoppedAt + 30_000 - Date.now());
    const before = await read(CONFIG_MAP);
    const wroteBefore = eventsOf(leader, 'wrote').length;

    const wokeAt = Date.now(); // before the signal: it notices within a millisecond
    leader.child.kill('SIGCONT');
    running.add(leader);
    const lost = await controlPlane.waitFor('it to notice', () => leader.lines.find(isAfter(wokeAt, 'lost')));
    await untilItWrites(await untilOneLeads(), 6);
    const now = await read(CONFIG_MAP);
    assert.equal(now.data[leader.identity], before.data[leader.identity]);
    assert.equal(lastWrite(now, leader), lastWrite(before, leader));
    assert.ok(Date.parse(lastWrite(now, leader)) <= stoppedAt + 1_000, 'its last write is older than its stop');
    const late = eventsOf(leader, 'wrote').slice(wroteBefore);
    assert.ok(late.length <= 1, 'at most the answer to a write from before it was stopped');
    assert.notEqual((await read(LEASE)).spec.holderIdentity, leader.identity);
    t.diagnostic(`woken leader gave up after ${lost.at - wokeAt} ms, without a write`);
  });

  test('after a restart of the API server one leads', { skip }, async (t) => {
    await untilOneLeads();
    const startedAt = Date.now();
    await controlPlane.restartApiServer();
    const readyAt = Date.now();
    const leader = await untilOneLeads();
    await untilItWrites(leader, 2);
    assert.equal((await read(LEASE)).spec.holderIdentity, leader.identity);
    const writing = await controlPlane.waitFor('a write', () => leader.lines.find(isAfter(readyAt, 'wrote')));
    t.diagnostic(`API server away for ${readyAt - startedAt} ms, the leader wrote ${writing.at - readyAt} ms later`);
  });

  test('never did two write at one time', { skip }, (t) => {
    // resourceVersions are etcd's revisions: the order in which the writes were stored, whatever clocks say.
    const writes = all
      .flatMap(({ identity, lines }) => lines.map((line) => ({ ...line, identity })))
      .filter(({ event }) => event === 'wrote')
      .toSorted((a, b) => (a.resourceVersion ?? 0) - (b.resourceVersion ?? 0));
    const terms = writes.map(({ identity, term }) => `${identity} (term ${term})`);
    const blocks = terms.filter((term, i) => term !== terms[i - 1]);
    assert.deepEqual(blocks, [...new Set(terms)], 'a term is interrupted by another');
    assert.ok(blocks.length >= 3, blocks.join());
    t.diagnostic(`${writes.length} writes in ${blocks.length} terms without interleaving: ${blocks.join(', ')}`);
  });

  function startCandidate(): void {
    const identity = `candidate-${all.length + 1}`;
    const args = [SCRIPT, controlPlane.kubeconfig, identity];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines: Line[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => void lines.push(JSON.parse(line)));
    const leads = () => lines.findLast(({ event }) => event === 'gained' || event === 'lost')?.event === 'gained';
    const candidate = { identity, child, lines, leads };
    all.push(candidate);
    running.add(candidate);
  }

  function end(candidate: Candidate, signal: NodeJS.Signals): void {
    running.delete(candidate);
    candidate.child.kill(signal);
  }

  function untilOneLeads(): Promise<Candidate> {
    return controlPlane.waitFor('one leader', () => {
      const leaders = [...running].filter((candidate) => candidate.leads());
      return leaders.length === 1 ? leaders[0] : undefined;
    });
  }

  /** A candidate that has only just started would take over at its first look, which says nothing of the others. */
  async function untilAllSee({ identity }: Candidate): Promise<void> {
    await controlPlane.waitFor(`all to see ${identity}`, () => {
      const saw = [...running].map(({ lines }) => lines.findLast(({ event }) => event === 'saw')?.leader);
      return saw.every((leader) => leader === identity) || undefined;
    });
  }

  async function untilItWrites(candidate: Candidate, times: number): Promise<void> {
    const before = eventsOf(candidate, 'wrote').length;
    const wrote = () => eventsOf(candidate, 'wrote').length >= before + times || undefined;
    await controlPlane.waitFor(`${times} writes of ${candidate.identity}`, wrote);
  }

  async function reportSuccessor(t: TestContext, what: string, since: number, mostMs: number): Promise<void> {
    const gained = await controlPlane.waitFor('a successor', () =>
      [...running].flatMap(({ lines }) => lines).find(isAfter(since, 'gained')),
    );
    t.diagnostic(`${what}: a successor after ${gained.at - since} ms`);
    assert.ok(gained.at - since < mostMs, `${gained.at - since} ms`);
  }

  // biome-ignore lint/suspicious/noExplicitAny: the assertions are the check
  async function read(path: string): Promise<any> {
    const { status, body } = await controlPlane.request('GET', path);
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  }
});

function eventsOf({ lines }: Candidate, event: Line['event']): Line[] {
  return lines.filter((line) => line.event === event);
}

function isAfter(since: number, event: Line['event']): (line: Line) => boolean {
  return (line) => line.event === event && line.at >= since;
}

/** When the API server stored the last write of a candidate, as its managedFields say. */
function lastWrite(
  { metadata }: { metadata: { managedFields: { manager: string; time: string }[] } },
  { identity }: Candidate,
): string {
  const entry = metadata.managedFields.find(({ manager }) => manager === identity);
  assert.ok(entry, `no entry of ${identity}`);
  return entry.time;
}
