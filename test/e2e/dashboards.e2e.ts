import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { inParallel } from '../../src/units/in-parallel.ts';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';
import { pollUntil } from '../control-plane/poll.ts';
import type { ControlPlane } from '../control-plane/start.ts';
import { skip as skipWithoutFakeTime } from '../process/fake-time.ts';
import { type Prometheus, skip as skipWithoutPrometheus, startPrometheus } from '../process/prometheus.ts';
import { runGridgate } from '../process/run-gridgate.ts';
import { RULES } from '../watched/alert-rules.ts';
import { type Asked, queriesOf, readDashboards } from '../watched/dashboard-files.ts';
import { withVariables } from '../watched/expressions.ts';
import { familyOf, metricTable } from '../watched/metric-table.ts';
import { RUNBOOK } from '../watched/runbook.ts';
import { startBusyCluster } from './busy-cluster.ts';
import { skip as skipWithoutCluster } from './cluster.ts';
import { SYSTEM } from './live-cluster.ts';
import { pod } from './objects.ts';

const skip = skipWithoutCluster || skipWithoutFakeTime || skipWithoutPrometheus;
const LONG_MS = 120_000;
/** Longer than alerts look back: a scrape that was late on a busy machine is forgotten by then. */
const PAST_MS = 420_000;
const DUE = ['GridgateBudgetExceeded', 'GridgateBudgetNotFollowed', 'GridgateSovereigntyUnenforceable'];
const QUIET = [
  'GridgateWebhookDown',
  'GridgateLeaderMissing',
  'GridgateKillSwitchUnreadable',
  'GridgateCertificateExpiring',
  'GridgateAdmissionSlow',
];
const LABELS = { cluster: 'demo' };
const VARIABLES = { ...LABELS, __rate_interval: '30s', __range: '10m' };

interface Vector {
  readonly result: readonly { readonly value: readonly [at: number, value: string] }[];
}

interface Groups {
  readonly groups: readonly {
    readonly rules: readonly { readonly name: string; readonly health: string; readonly state: string }[];
  }[];
}

/** One that scrapes as manifests/dashboards/README.md has it; `addReplica` is told of each of gridgate's. */
function scraping(t: TestContext, { url, adminToken, caFile }: ControlPlane) {
  const file = join(makeTemporaryDirectory(t), 'targets.json');
  const replicas: string[] = [];
  const addReplica = (operators: string) => {
    replicas.push(new URL(operators).host);
    writeFileSync(file, JSON.stringify([{ targets: replicas, labels: { ...LABELS, namespace: 'gridgate-system' } }]));
  };
  const jobs = [
    { job_name: 'gridgate', honor_labels: true, file_sd_configs: [{ files: [file], refresh_interval: '1s' }] },
    {
      job_name: 'apiserver',
      scheme: 'https',
      authorization: { credentials: adminToken },
      tls_config: { ca_file: caFile },
      static_configs: [{ targets: [new URL(url).host], labels: LABELS }],
    },
  ];
  return { addReplica, start: () => startPrometheus(t, { jobs, rules: [resolve(RULES)] }) };
}

/** Commands that a page shows within its text, each once. */
function commandsIn(page: string): readonly (readonly string[])[] {
  const found = readFileSync(page, 'utf8').matchAll(/`((?:kubectl|gridgate) [^`]+)`/g);
  return [...new Set(Array.from(found, ([, command = '']) => command))].map((command) => command.split(' '));
}

const LOOKS = [
  'check',
  'waiting',
  'regions',
  'budget',
  'audit',
  'outage list',
  'uninstall --dry-run',
  'release --overdue',
];

function isHarmless([program, ...args]: readonly string[]): boolean {
  if (program === 'kubectl') return args.includes('get');
  return LOOKS.some((one) => args.join(' ').startsWith(one));
}

function isPlaceholder(word: string): boolean {
  return /^[A-Z]+$/.test(word);
}

test('a Prometheus that scrapes a cluster in which everything happens', { skip }, async (t) => {
  let prometheus: Prometheus | undefined;
  let addReplica: ((operators: string) => void) | undefined;
  const cluster = await startBusyCluster({
    async onStart(controlPlane) {
      const scraper = scraping(t, controlPlane);
      addReplica = scraper.addReplica;
      prometheus = await scraper.start();
    },
    onReplica: (operators) => addReplica?.(operators),
  });
  t.after(cluster.stop);
  const { askApi } = prometheus ?? assert.fail();

  /** What no default of a query, as `or vector(0)`, hides. */
  async function hasData({ expr }: Asked): Promise<boolean> {
    const query = withVariables(expr.replaceAll(' or vector(0)', ''), VARIABLES);
    const { result } = (await askApi(`query?query=${encodeURIComponent(query)}`)) as Vector;
    return result.some(({ value: [, value] }) => value !== 'NaN');
  }

  await t.test('has data for every query of every panel', async () => {
    let missing = readDashboards().flatMap(queriesOf);
    assert.ok(missing.length > 80);
    await pollUntil({
      what: 'data for every panel',
      probe: async () => {
        // A rate of reviews is none where there are none.
        await cluster.send('POST', '/api/v1/namespaces/shop/pods?dryRun=All', pod('asks'));
        const answers = await Promise.all(missing.map(async (one) => ({ one, has: await hasData(one) })));
        missing = answers.filter(({ has }) => !has).map(({ one }) => one);
        return missing.length === 0 || undefined;
      },
      deadlineMs: LONG_MS,
    }).catch((error) => {
      const what = missing.map(({ where, expr }) => `${where} has no data: ${expr}`).join('\n');
      assert.fail(`${missing.length === 0 ? error : what}`);
    });
  });

  await t.test("shows each namespace's share of the whole, which is 1", async () => {
    const share = readDashboards()
      .flatMap(queriesOf)
      .find(({ where }) => where.includes('"Share of each namespace"'));
    const query = withVariables(share?.expr ?? '', VARIABLES);
    const { result } = (await askApi(`query?query=${encodeURIComponent(query)}`)) as Vector;
    const sum = result.reduce((total, { value: [, value] }) => total + Number(value), 0);
    assert.ok(Math.abs(sum - 1) < 0.01, `${sum}`);
  });

  await t.test('can evaluate every alert, and has those that are due, and no other', async () => {
    let odd: string[] = [];
    const fired = new Set<string>();
    await pollUntil({
      what: 'the alerts',
      probe: async () => {
        const { groups } = (await askApi('rules')) as Groups;
        const rules = groups.flatMap((group) => group.rules);
        for (const { name, state } of rules) if (state === 'firing') fired.add(name);
        const raised = new Set(rules.filter(({ state }) => state !== 'inactive').map(({ name }) => name));
        odd = [
          ...rules.filter(({ health }) => health !== 'ok').map(({ name }) => `${name} cannot be evaluated`),
          ...DUE.filter((name) => !raised.has(name)).map((name) => `${name} is not raised`),
          ...QUIET.filter((name) => raised.has(name)).map((name) => `${name} is raised`),
        ];
        return odd.length === 0 || undefined;
      },
      deadlineMs: PAST_MS,
    }).catch((error) => assert.fail(`${error}: ${odd.join(', ')}`));
    assert.deepEqual(
      QUIET.filter((name) => fired.has(name)),
      [],
    );
  });

  await t.test('lets every command of the runbook run that changes nothing', async () => {
    const { controlPlane, send, kubectl } = cluster;
    const data = { 'max-mode': 'enforce' };
    await send('POST', `${SYSTEM}/configmaps`, { metadata: { name: 'gridgate-kill-switch' }, data });
    const harmless = commandsIn(RUNBOOK).filter((words) => isHarmless(words) && !words.some(isPlaceholder));
    assert.ok(harmless.length > 20, `${harmless.length}`);
    await inParallel(harmless, 4, async ([program, ...args]) => {
      const asAdmin = ['--kubeconfig', controlPlane.kubeconfig];
      const run = program === 'kubectl' ? kubectl(args) : runGridgate([...args, ...asAdmin], { longestMs: LONG_MS });
      const { code, stderr } = await run;
      assert.ok(
        code === 0 || (program === 'gridgate' && code === 1),
        `${program} ${args.join(' ')}: ${code} ${stderr}`,
      );
    });
  });

  await t.test('finds no metric of gridgate that the table does not have', async () => {
    const table = new Set([...metricTable().keys()].map(familyOf));
    const names = (await askApi('label/__name__/values')) as readonly string[];
    const own = names.filter((name) => name.startsWith('gridgate_'));
    assert.ok(own.length > 40);
    assert.deepEqual(
      own.filter((name) => !table.has(familyOf(name))),
      [],
    );
  });
});
