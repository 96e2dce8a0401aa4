import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureDevCertificate } from '../../src/certs/dev-certificate.ts';
import { writeNamespaces, writeRegions } from '../bench/workload.ts';
import { type GridgateProcess, startGridgate } from '../process/gridgate-process.ts';
import { createMemoryCgroup, type MemoryCgroup } from '../process/memory-cgroup.ts';
import { addressOf } from '../webhook/client.ts';
import type { Attack, Outcomes } from './attacker.ts';
import type { Bystanding, Seen } from './bystanders.ts';

/** As the manifests have it. */
const LIMIT_BYTES = 320 * 1024 * 1024;
/** What a bystander's review may take, 99 of 100; the API server waits 2 s. */
const MOST_P99_MS = 500;
const CALM_MS = 1_500;

type Wave = readonly (readonly [kind: Attack['kind'], count: number])[];

/** Ten times as many at once as once brought a replica down. */
const WAVES: Readonly<Record<string, Wave>> = {
  '500 bodies of 7 MiB': [['huge', 500]],
  '600 bodies of 7 MiB that stop half way': [['huge, half', 600]],
  '600 bodies of 256 KiB that stop half way': [['small, half', 600]],
  '10 pods of 50,000 terms': [['terms', 10]],
  '10 pods of 1.24 MB full of <': [['less-than', 10]],
  '10 pods with names of 2.9 MB': [['names', 10]],
  '10 pods of 2,300,000 empty tolerations': [['objects', 10]],
  '10 pods of 90,000 labels': [['labels', 10]],
  '100 pods of 18,000 entries of a node selector': [['small, keys', 100]],
  '10 pods of 9,000 values': [['values', 10]],
  '150 bodies of one byte a chunk': [['crumbs', 150]],
  '3,000 connections that ask nothing': [['idle', 3_000]],
  'all of these': [
    ['huge', 100],
    ['huge, half', 100],
    ['small, half', 100],
    ['terms', 10],
    ['less-than', 10],
    ['names', 10],
    ['objects', 10],
    ['labels', 10],
    ['small, keys', 10],
    ['values', 10],
    ['crumbs', 50],
  ],
};

const group = createMemoryCgroup(LIMIT_BYTES);
process.on('exit', () => group?.remove());
const skip = group ? false : 'no memory cgroup can be made here: it takes root';

describe(`a replica with ${LIMIT_BYTES >> 20} MiB of memory under attack`, { skip, timeout: 600_000 }, () => {
  const cgroup = group as MemoryCgroup;
  const directory = mkdtempSync(join(tmpdir(), 'gridgate-attacks-'));
  let gridgate: GridgateProcess;
  let address: Bystanding;
  let bystanders: ChildProcess;

  before(async () => {
    bystanders = fork('test/attacks/bystanders.ts');
    assert.ok(existsSync('dist/main.js'), 'npm run build');
    await ensureDevCertificate({ dir: directory, clock: Date.now });
    const regions = await writeRegions(directory, 30);
    const namespaces = await writeNamespaces(directory, 100, 100);
    const args = ['--regions', regions, '--namespaces', namespaces, '--cert-dir', directory];
    gridgate = await startGridgate({ args, compiled: true, cgroup: cgroup.directory, logFile: join(directory, 'log') });
    address = addressOf(gridgate.webhook, readFileSync(join(directory, 'ca.crt'), 'utf8'));
  });

  after(async () => {
    bystanders.kill();
    if (gridgate) await gridgate.end('SIGKILL');
    rmSync(directory, { recursive: true });
  });

  /** What bystanders see meanwhile; every pod of theirs is steered. */
  async function whileBystanding<T>(work: Promise<T>): Promise<readonly [T, Omit<Seen, 'unsteered'>]> {
    const answered = once(bystanders, 'message');
    bystanders.send(address);
    const done = await work;
    bystanders.send('stop');
    const [{ unsteered, ...seen }] = (await answered) as [Seen];
    assert.deepEqual(unsteered, []);
    return [done, seen];
  }

  let firstP99Ms: number | undefined;
  for (const [name, wave] of Object.entries(WAVES))
    it(`answers everybody else: ${name}`, async (t) => {
      const [, calm] = await whileBystanding(sleep(CALM_MS)); // others may be using this machine, too
      firstP99Ms ??= calm.p99Ms;
      assert.ok(calm.p99Ms < MOST_P99_MS + 2 * firstP99Ms, `${calm.p99Ms} ms after the wave before`);
      const attacks = Promise.all(wave.map(([kind, count]) => attack({ kind, count, ...address })));
      const [outcomes, seen] = await whileBystanding(attacks);
      const told = wave.map(([kind], index) => `${kind} ${JSON.stringify(outcomes[index])}`).join('; ');
      t.diagnostic(`${JSON.stringify(seen)}, peak ${Math.round(cgroup.peakBytes() / 1e6)} MB, attackers: ${told}`);
      assert.equal(cgroup.kills(), 0, 'killed for its memory');
      assert.ok(seen.p99Ms < MOST_P99_MS + 2 * calm.p99Ms, `${seen.p99Ms} ms, and ${calm.p99Ms} ms before`);
    });

  it('has counted whom it did not answer, and ends in good order', async () => {
    const metrics = await (await fetch(`${gridgate.operators}/metrics`)).text();
    assert.match(metrics, /gridgate_rejected_requests_total\{status="closed",cause="stalled_body"\} \d/);
    assert.match(metrics, /gridgate_review_bytes_in_flight\{size="large"\} 0\n/);
    assert.equal(await gridgate.end(), 0);
  });
});

async function attack(request: Attack): Promise<Outcomes> {
  const child: ChildProcess = fork('test/attacks/attacker.ts');
  const answered = once(child, 'message');
  child.send(request);
  const [outcomes] = (await answered) as [Outcomes];
  child.kill();
  return outcomes;
}
