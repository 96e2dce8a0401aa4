import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { parse, stringify } from 'yaml';
import { regionYaml, writeDocuments } from '../../commands/world-files.ts';
import { makeTemporaryDirectory } from '../../config/temporary-directory.ts';
import { runCommand } from '../../process/run-command.ts';
import { runGridgate } from '../../process/run-gridgate.ts';
import { type Asked, type Reply, startProvider } from '../../sources/fake-provider.ts';
import { type NodeParts, nodeObject, X86 } from './fleet.ts';

const STATIC = { 'kubernetes.io/kubelet-config': '{"cpuManagerPolicy":"static"}' };
const NONE = { 'kubernetes.io/kubelet-config': 'kind: KubeletConfiguration\ncpuManagerPolicy: none\n' };

function nodes(count: number, { name, ...parts }: NodeParts): object[] {
  return Array.from({ length: count }, (_, i) => nodeObject({ ...parts, name: `${name}-${i}` }));
}

function listOf(items: readonly object[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

function write(test: TestContext, contents: string, name = 'nodes.json'): string {
  const path = join(makeTemporaryDirectory(test), name);
  writeFileSync(path, contents);
  return path;
}

function preflight(test: TestContext, items: readonly object[], ...args: readonly string[]) {
  return runCommand(['preflight', '-f', write(test, listOf(items)), ...args], { env: { COLUMNS: '80' } });
}

async function report(test: TestContext, items: readonly object[], ...args: readonly string[]) {
  const { stdout, code, stderr } = await preflight(test, items, '--output', 'json', ...args);
  return { ...JSON.parse(stdout), code, stderr };
}

describe('gridgate preflight -f', { timeout: 300_000 }, () => {
  it('says that 336 m7g.large under static are a spike, and exits 1', async (t) => {
    const { code, stdout, stderr } = await preflight(
      t,
      nodes(336, { name: 'arm', annotations: STATIC }),
      '--baseline-watts',
      '4200',
    );
    assert.equal(code, 1);
    assert.match(stdout, /^arm64 +336 +336 +1\.18 +4,200 +4,956 +\+18\.0%$/m);
    assert.match(stdout, /^m7g\.large +arm64 +336 +4,200 +4,956 +14\.75 +embedded table$/m);
    assert.match(stdout, /\nIDLE POWER SPIKE: 4,956 W is \+18\.0% on the baseline of 4,200 W \(limit \+15%\)\n$/);
    assert.equal(stderr, '');
  });

  it('calls a fleet of 4,968 W +18.3% and a spike', async (t) => {
    const table = write(t, 'instances: {m7g.large: 12.42}', 'power.yaml');
    const fleet = nodes(400, { name: 'arm', annotations: NONE });
    const { code, stdout } = await preflight(t, fleet, '--power-table', table, '--baseline-watts', '4200');
    assert.equal(code, 1);
    assert.match(stdout, /^IDLE POWER SPIKE: 4,968 W is \+18\.3% on the baseline of 4,200 W/m);
  });

  it('calls exactly +15.0% safe', async (t) => {
    const table = write(t, 'instances: {m7g.large: 11.5}', 'power.yaml');
    const fleet = nodes(420, { name: 'arm', annotations: NONE });
    const { code, stdout } = await preflight(t, fleet, '--power-table', table, '--baseline-watts', '4200');
    assert.equal(code, 0);
    assert.match(stdout, /^SAFE TO UPGRADE: 4,830 W is \+15\.0% on the baseline/m);
  });

  const SIZES: readonly (readonly [count: number, drawn: string, baseline: string])[] = [
    [8, '118', '100'],
    [1_000, '14,750', '12,500'],
  ];
  for (const [count, drawn, baseline] of SIZES)
    it(`compares ${count} nodes with the same nodes under none`, async (t) => {
      const { code, stdout } = await preflight(t, nodes(count, { name: 'arm', annotations: STATIC }));
      assert.equal(code, 1);
      const verdict = ` IDLE POWER SPIKE: ${drawn} W is +18.0% on ${baseline} W of the same nodes under the policy none (limit +15%)`;
      assert.ok(stdout.replaceAll('\n', ' ').includes(verdict), stdout);
      const safe = await preflight(t, nodes(count, { name: 'arm', annotations: NONE }));
      assert.equal(safe.code, 0);
      assert.match(safe.stdout, new RegExp(`SAFE TO UPGRADE: ${baseline} W is \\+0\\.0% on ${baseline} W`));
    });

  it('never prints a spike as the very limit', async (t) => {
    const { stdout } = await preflight(t, nodes(1, { name: 'n' }), '--baseline-watts', '12.823');
    assert.match(stdout, /^IDLE POWER SPIKE: 14\.8 W is \+15\.03% on/m);
  });

  it('prints the same as data, each field there', async (t) => {
    const fleet = [...nodes(2, { name: 'arm', annotations: STATIC }), ...nodes(1, { name: 'x86', ...X86 })];
    const { code, stderr, ...found } = await report(t, fleet);
    assert.equal(code, 0);
    assert.deepEqual(Object.keys(found), [
      ...['version', 'takenAt', 'verdict', 'targetVersion', 'total', 'skipped', 'architectures', 'instanceTypes'],
      ...['policies', 'policiesFrom', 'bases', 'carbon', 'staging', 'nodes'],
    ]);
    assert.deepEqual(found.nodes[2], {
      name: 'x86-0',
      version: 'v1.33.2-eks-1a2b3c',
      arch: 'amd64',
      instanceType: 'm6i.xlarge',
      region: 'us-east-1',
      policy: 'static',
      policyFrom: 'assumed',
      watts: 23.892,
      wattsUnderNone: 21.7,
      wattsUnderStatic: 23.892,
      basis: 'looked-up',
      how: 'embedded table',
    });
    const yaml = await preflight(t, fleet, '--output', 'yaml');
    assert.deepEqual({ ...parse(yaml.stdout), takenAt: '' }, { ...found, takenAt: '' });
  });

  it('reads standard input, and YAML', async (t) => {
    const file = write(
      t,
      nodes(2, { name: 'n' })
        .map((node) => stringify(node))
        .join('---\n'),
      'nodes.yaml',
    );
    const command = `exec '${process.execPath}' src/main.ts preflight -f - --assume-policy none --output json < '${file}'`;
    const { code, stdout } = await runGridgate([command], { node: '/bin/sh', script: '-c' });
    assert.deepEqual([code, JSON.parse(stdout).total.nodes], [0, 2]);
  });

  it('counts the target version alone and says what it passed over', async (t) => {
    const fleet = [...nodes(1, { name: 'new' }), ...nodes(2, { name: 'old', version: 'v1.32.7-eks-1' })];
    const { stdout } = await preflight(t, fleet);
    assert.match(stdout, /^Idle power of 1 of 3 nodes: those of 1\.33\nNodes of other versions .*: 2 of 1\.32\n/);
    const exact = await report(t, fleet, '--target-version', 'v1.32.7');
    assert.deepEqual([exact.total.nodes, exact.skipped], [2, [{ version: '1.33', nodes: 1 }]]);
  });

  it('counts the newest minor version of the fleet unless it is told which', async (t) => {
    const versions = ['v1.9.6', 'v1.34.1-eks-1', 'v1.34.0', 'v1.33.2', 'soon'];
    const fleet = versions.map((version, i) => nodeObject({ name: `n${i}`, version }));
    const { targetVersion, total } = await report(t, fleet);
    assert.deepEqual([targetVersion, total.nodes], ['1.34', 2]);
    const mute = await preflight(t, [nodeObject({ name: 'n', version: 'soon' })]);
    assert.equal(mute.code, 2);
    assert.match(mute.stderr, /--target-version: no node is of a version that can be read; there are 1 of soon/);
  });

  it('of a version that no node has is a mistake, not a success', async (t) => {
    const { code, complaints, stdout } = await preflight(t, nodes(3, { name: 'n' }), '--target-version', '1.34');
    assert.deepEqual([code, stdout], [2, '']);
    assert.deepEqual(complaints, ['gridgate: --target-version: no node is of 1.34; there are 3 of 1.33']);
  });

  it('assumes the policy it is told to assume, and lists whose it assumed', async (t) => {
    const fleet = [
      ...nodes(7, { name: 'mute' }),
      ...nodes(1, { name: 'odd', annotations: { 'kubernetes.io/kubelet-config': '{[' } }),
    ];
    const { stdout } = await preflight(t, fleet, '--assume-policy', 'none');
    assert.match(stdout, /static on 0 nodes, none on 8; 8 assumed/);
    assert.match(stdout, /\n {2}assumed none: mute-0\n[\s\S]*\n {2}and 3 more \(--output json lists them\)\n/);
    const { policiesFrom } = await report(t, fleet);
    assert.deepEqual(policiesFrom, { configz: 0, annotation: 0, assumed: 8 });
  });

  it('takes own factors, and says which architecture has none', async (t) => {
    const fleet = [nodeObject({ name: 'a' }), nodeObject({ name: 'r', arch: 'riscv64' })];
    const own = await report(t, fleet, '--static-factor', 'riscv64=2');
    assert.deepEqual([own.architectures.map(({ factor }: { factor: number }) => factor), own.stderr], [[1.18, 2], '']);
    const { stderr } = await preflight(t, fleet);
    assert.match(stderr, /no static factor is known for the architecture riscv64: its nodes count with 1/);
  });

  it('marks estimates, and says of how many nodes', async (t) => {
    const fleet = [nodeObject({ name: 'a' }), nodeObject({ name: 'b', type: 'never.seen', cpu: 'x' })];
    const { stdout } = await preflight(t, fleet);
    assert.match(stdout, /^never\.seen +arm64 +1 .* estimate: /m);
    assert.match(stdout, /^The watts of 1 of 2 nodes are estimates; --power-table gives better figures$/m);
    const { nodes: found } = await report(t, fleet);
    assert.deepEqual(
      found.map(({ basis }: { basis: string }) => basis),
      ['looked-up', 'estimated'],
    );
  });

  it('multiplies with the intensity that --regions gives, or with the yearly average', async (t) => {
    const regions = writeDocuments(join(makeTemporaryDirectory(t), 'R.yaml'), [
      regionYaml('us-west-2', { gramsPerKwh: 120.5 }),
    ]);
    const fleet = [
      ...nodes(2, { name: 'arm' }),
      ...nodes(1, { name: 'x86', ...X86 }),
      nodeObject({ name: 'lost', region: 'atlantis' }),
    ];
    const { carbon } = await report(t, fleet, '--regions', regions);
    const bySource = carbon.regions.map(({ region, source, kgCo2e }: Record<string, unknown>) => [
      region,
      source,
      kgCo2e,
    ]);
    assert.deepEqual(bySource.slice(1), [
      ['us-west-2', 'static', 0.024208],
      ['atlantis', null, null],
    ]);
    assert.deepEqual([bySource[0][0], bySource[0][1], carbon.nodesLeftOut], ['us-east-1', 'embedded', 1]);
    const { stdout } = await preflight(t, fleet, '--regions', regions);
    assert.match(stdout, /^us-west-2 +2 +29\.5 +120\.5 +1\.135 +0\.02 +static$/m);
    assert.match(stdout, /^atlantis +1 +14\.8 +- +~1\.135 +- +nobody knows it$/m);
    assert.match(stdout.replaceAll('\n', ' '), /no intensity is known for 1 node, left out/);
  });

  it('points out what staging lacks', async (t) => {
    const staging = write(t, listOf(nodes(3, { name: 's', ...X86 })), 'staging.json');
    const fleet = [...nodes(3, { name: 'arm' }), ...nodes(1, { name: 'x86', ...X86 })];
    const regions = writeDocuments(join(makeTemporaryDirectory(t), 'R.yaml'), [
      regionYaml('us-west-2', { gramsPerKwh: 120 }),
    ]);
    const { stdout, code } = await preflight(t, fleet, '--compare', staging, '--regions', regions);
    assert.equal(code, 1, 'ARM is compared with none, which staging does not show');
    assert.match(stdout, /^staging has no arm64 node: it cannot show what 3 of 4 nodes will do$/m);
    const { staging: none } = await report(t, nodes(1, { name: 'x86', ...X86 }), '--compare', staging);
    assert.deepEqual(none, { nodes: 3, lacks: [], counterparts: 0 });
  });

  it('compares with the policies that staging tells', async (t) => {
    const upgraded = [...nodes(1, { name: 's', annotations: STATIC }), ...nodes(1, { name: 'x', ...X86 })];
    const staging = write(t, listOf(upgraded), 'staging.json');
    const fleet = [
      ...nodes(3, { name: 'arm', annotations: STATIC }),
      ...nodes(1, { name: 'x86', ...X86, annotations: STATIC }),
    ];
    const { stdout, code } = await preflight(t, fleet, '--compare', staging);
    assert.equal(code, 0);
    const told = stdout.replaceAll('\n', ' ');
    assert.match(told, /Baseline: staging tells the policy for 3 of 4 nodes; the others count as under none /);
    assert.match(told, /SAFE TO UPGRADE: 68\.1 W is \+3\.3% on 66 W of the same nodes under staging's policies/);
  });

  it('fits 80 columns, whatever nodes are called', async (t) => {
    const long = 'x'.repeat(253);
    const fleet = [
      ...nodes(2, { name: long, type: `${'t'.repeat(60)}`, region: 'r'.repeat(63), arch: 'a'.repeat(63) }),
      ...nodes(20, { name: 'n\u001b[31mred\nline', type: 'Standard_E104ids_v5', region: 'us-gov-west-1' }),
      ...Array.from({ length: 40 }, (_, i) => nodeObject({ name: `v${i}`, version: `v1.${i}.0`, type: `m${i}.large` })),
    ];
    const { stdout } = await preflight(t, fleet, '--compare', write(t, listOf(nodes(1, { name: 's' }))));
    const tooLong = stdout.split('\n').filter((line) => [...line].length > 80);
    assert.deepEqual(tooLong, []);
    assert.ok(!stdout.includes('\u001b'));
  });

  const ENDLESS: readonly (readonly string[])[] = [
    ['--static-factor', 'arm64=1e308'],
    ['--baseline-watts', '1e-308'],
  ];
  for (const args of ENDLESS)
    it(`refuses ${args.join(' ')}: no sum is endless`, async (t) => {
      const { code, stdout, stderr } = await preflight(t, nodes(20, { name: 'n' }), ...args, '--output', 'json');
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, /--baseline-watts, --static-factor and --power-table: give numbers that no sum is beyond/);
    });

  it('counts 10,000 nodes', async (t) => {
    const { total, code } = await report(t, nodes(10_000, { name: 'n' }));
    assert.deepEqual([code, total.nodes, total.watts], [1, 10_000, 147_500]);
  });

  it('counts a node that stands there twice once, and passes over what is none', async (t) => {
    const [node = {}] = nodes(1, { name: 'n' });
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } };
    const { total, stderr } = await report(t, [node, node, pod]);
    assert.equal(total.nodes, 1);
    assert.match(stderr, /objects passed over that are no Node: 1\n.*more than once and are counted once: 1\n/);
  });

  const BAD_FILES: readonly [name: string, contents: string, told: RegExp][] = [
    ['empty', '', /nodes\.json: holds no Kubernetes object/],
    ['broken JSON', '{"kind":"List","items":[', /nodes\.json, document 1, line 1: /],
    ['a JSON list', '[{"kind":"Node"}]', /nodes\.json, document 1, line 1: is not a Kubernetes object/],
    ['an empty List', listOf([]), /nodes\.json: holds no Node; give what `kubectl get nodes -o json` prints/],
    ['no Nodes', listOf([{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } }]), /holds no Node/],
    ['a Node without a name', listOf([{ apiVersion: 'v1', kind: 'Node', metadata: {} }]), /metadata\.name is missing/],
    ['a page', '<html>sign in</html>', /nodes\.json/],
  ];
  for (const [name, contents, told] of BAD_FILES)
    it(`refuses a file that is ${name}`, async (t) => {
      const { code, stdout, stderr } = await runCommand(['preflight', '-f', write(t, contents)]);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, told);
    });

  it('reports the mistakes of all files at once', async () => {
    const { code, complaints } = await runCommand([
      ...['preflight', '-f', '/none/nodes', '--compare', '/none/staging', '--power-table', '/none/power'],
      ...['--regions', '/none/regions', '--config', '/none/config', '--kubeconfig', '/none/kubeconfig'],
    ]);
    assert.equal(code, 2);
    for (const file of ['nodes', 'staging', 'power', 'regions', 'config'])
      assert.ok(
        complaints.some((line) => line.includes(`/none/${file}`)),
        file,
      );
    assert.ok(complaints.some((line) => line.includes('--kubeconfig: means nothing beside --filename')));
  });

  it('needs nodes, and standard input only once', async () => {
    const none = await runCommand(['preflight']);
    assert.deepEqual([none.code, none.complaints.length], [2, 1]);
    assert.match(
      none.stderr,
      /--filename \(GRIDGATE_FILENAME\): is missing.*--kubeconfig \(GRIDGATE_KUBECONFIG\) or KUBECONFIG/,
    );
    const twice = await runCommand(['preflight', '-f', '-', '--compare', '-']);
    assert.equal(twice.code, 2);
    assert.match(twice.stderr, /standard input is --filename already/);
  });
});

describe('gridgate preflight --prometheus-url', { timeout: 300_000 }, () => {
  /** Answers the queries that name this metric. */
  function vectorFor(metric: string, ...series: readonly [labels: object, watts: string][]) {
    return ({ query }: Asked): Reply => {
      const result = query['query']?.includes(metric)
        ? series.map(([metric, watts]) => ({ metric, value: [0, watts] }))
        : [];
      return { body: { status: 'success', data: { resultType: 'vector', result } } };
    };
  }

  const FLEET = ['a', 'b', 'c'].map((name, i) =>
    nodeObject({ name, annotations: STATIC, addresses: [{ type: 'InternalIP', address: `10.0.0.${i}` }] }),
  );

  it('takes what is measured, without the factor, and the table for the rest', async (t) => {
    const { baseUrl } = await startProvider(
      t,
      vectorFor(
        'node_power_supply_power_watt',
        [{ instance: '10.0.0.0:9100' }, '118'],
        [{ instance: 'db:9100' }, '900'],
      ),
    );
    const { nodes: found, stderr } = await report(t, FLEET, '--prometheus-url', baseUrl);
    assert.deepEqual(
      found.map(({ watts, wattsUnderNone, basis }: Record<string, unknown>) => [watts, wattsUnderNone, basis]),
      [
        [118, 100, 'measured'],
        [14.75, 12.5, 'looked-up'],
        [14.75, 12.5, 'looked-up'],
      ],
    );
    assert.match(stderr, /1 of 3 nodes are measured, .*; the others have the figures of the power table/);
    assert.match(stderr, /1 series are of no node of the target version/);
  });

  it('prefers power supplies to Kepler, node by node', async (t) => {
    const { baseUrl } = await startProvider(t, (asked) => {
      const supply = vectorFor('node_power_supply', [{ instance: '10.0.0.0:9100' }, '100'])(asked);
      if (asked.query['query']?.includes('node_power_supply')) return supply;
      return vectorFor('kepler_node_platform_watts', [{ node_name: 'a' }, '70'], [{ node_name: 'b' }, '80'])(asked);
    });
    const { nodes: found } = await report(t, FLEET, '--prometheus-url', baseUrl);
    assert.deepEqual(
      found.map(({ watts }: { watts: number }) => watts),
      [100, 80, 14.75],
    );
  });

  it('asks a query of your own instead', async (t) => {
    const { baseUrl, asked } = await startProvider(
      t,
      vectorFor('my_watts', [{ node: 'c' }, 'NaN'], [{ node: 'b' }, '40']),
    );
    const { nodes: found, stderr } = await report(
      t,
      FLEET,
      '--prometheus-url',
      baseUrl,
      '--prometheus-query',
      'my_watts',
    );
    assert.deepEqual(
      found.map(({ basis }: { basis: string }) => basis),
      ['looked-up', 'measured', 'looked-up'],
    );
    assert.deepEqual(
      asked.map(({ query }) => query['query']),
      ['my_watts'],
    );
    assert.match(stderr, /1 series are no power of a machine and are not used/);
  });

  const FAULTS: readonly [name: string, reply: Reply, told: RegExp][] = [
    ['401', { status: 401 }, /HTTP 401: the credentials are refused/],
    ['404', { status: 404 }, /HTTP 404/],
    ['500', { status: 500 }, /HTTP 500/],
    ['a page', { body: '<html>' }, /the answer is HTML, not JSON/],
    ['a scalar', { body: { status: 'success', data: { resultType: 'scalar', result: [0, '5'] } } }, /finds a scalar/],
    ['a matrix', { body: { status: 'success', data: { resultType: 'matrix', result: [] } } }, /another shape/],
    [
      'a refusal of our own query',
      { status: 400, body: { status: 'error', errorType: 'bad_data', error: 'parse error' } },
      /bad_data: parse error/,
    ],
  ];
  for (const [name, reply, told] of FAULTS)
    it(`that answers ${name} ends with exit code 3`, async (t) => {
      const { baseUrl } = await startProvider(t, reply);
      const { code, stdout, stderr } = await preflight(t, FLEET, '--prometheus-url', baseUrl);
      assert.deepEqual([code, stdout], [3, '']);
      assert.match(stderr, told);
    });

  it('that refuses the query ends with exit code 2, and its words leave the terminal as it is', async (t) => {
    const body = { status: 'error', errorType: 'bad_data', error: 'parse error \u001b[31m' };
    const { baseUrl } = await startProvider(t, { status: 400, body });
    const { code, stdout, stderr } = await preflight(
      t,
      FLEET,
      ...['--prometheus-url', baseUrl, '--prometheus-query', 'sum('],
    );
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /--prometheus-query: Prometheus refuses it: HTTP 400: bad_data: parse error/);
    assert.ok(!stderr.includes('\u001b'));
  });

  it('that is gone ends with exit code 3', async (t) => {
    const { code, stderr } = await preflight(t, FLEET, '--prometheus-url', 'http://127.0.0.1:1');
    assert.equal(code, 3);
    assert.match(stderr, /--prometheus-url: http:\/\/127\.0\.0\.1:1: .*; leave --prometheus-url out/);
  });
});

describe('gridgate preflight --kubeconfig', { timeout: 300_000 }, () => {
  const REFUSED = { status: 403, body: { kind: 'Status', reason: 'Forbidden', message: 'cannot get nodes/proxy' } };

  function kubeconfigFor(test: TestContext, server: string): string {
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'u', user: {} }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    };
    return write(test, stringify(config), 'kubeconfig');
  }

  /** An API server with these nodes, in pages of 500, whose kubelets answer so. */
  async function live(
    test: TestContext,
    items: readonly object[],
    kubelet: (name: string) => Reply,
    regions: Reply,
    ...args: readonly string[]
  ) {
    const { baseUrl, asked } = await startProvider(test, ({ path, query }) => {
      const [, name] = /^\/api\/v1\/nodes\/([^/]+)\/proxy\/configz$/.exec(path) ?? [];
      if (name !== undefined) return kubelet(name);
      if (path !== '/api/v1/nodes') return regions;
      const from = Number(query['continue'] ?? 0);
      const next = from + 500;
      const metadata = { resourceVersion: '1', ...(next < items.length && { continue: String(next) }) };
      return { body: { kind: 'NodeList', metadata, items: items.slice(from, next) } };
    });
    const { code, stdout, stderr } = await runCommand([
      ...['preflight', '--kubeconfig', kubeconfigFor(test, baseUrl), '--output', 'json', ...args],
    ]);
    return { code, stderr, asked, found: stdout === '' ? undefined : JSON.parse(stdout) };
  }

  const told = (policy: string): Reply => ({ body: { kubeletconfig: { cpuManagerPolicy: policy } } });
  const NO_REGIONS: Reply = { status: 404, body: { kind: 'Status', reason: 'NotFound', message: 'no such resource' } };

  it('asks each kubelet, then the annotation, and then assumes', async (t) => {
    const fleet = [
      nodeObject({ name: 'told', annotations: STATIC }),
      nodeObject({ name: 'noted', annotations: NONE }),
      nodeObject({ name: 'mute' }),
    ];
    const kubelet = (name: string) => (name === 'told' ? told('none') : { status: 500, body: 'oops' });
    const { found, stderr, code } = await live(t, fleet, kubelet, NO_REGIONS);
    assert.deepEqual(
      found.nodes.map(({ policy, policyFrom }: Record<string, string>) => [policy, policyFrom]),
      [
        ['none', 'configz'],
        ['none', 'annotation'],
        ['static', 'assumed'],
      ],
    );
    assert.equal(code, 0);
    assert.match(stderr, /2 of 3 kubelets: HTTP 500/);
    assert.match(stderr, /yearly averages stand for intensities/);
    assert.equal(found.carbon.regions[0].source, 'embedded');
  });

  it('takes what a kubelet tells for nothing that staging tells, though its node has the same name', async (t) => {
    const staging = write(t, listOf([nodeObject({ name: 'n-0', annotations: NONE })]), 'staging.json');
    const { found } = await live(t, nodes(1, { name: 'n' }), () => told('static'), NO_REGIONS, '--compare', staging);
    assert.deepEqual(
      found.staging.lacks.map(({ what, value }: Record<string, string>) => [what, value]),
      [['policy', 'static']],
    );
  });

  it('goes on without the right to nodes/proxy, asks once and says so', async (t) => {
    const { found, stderr, asked } = await live(
      t,
      nodes(40, { name: 'n', annotations: STATIC }),
      () => REFUSED,
      NO_REGIONS,
    );
    assert.equal(found.policiesFrom.annotation, 40);
    assert.equal(asked.filter(({ path }) => path.endsWith('/configz')).length, 1);
    assert.match(stderr, /kubelets are not asked, which needs the right to get nodes\/proxy/);
  });

  it('reads 5,000 nodes page by page and asks only those of the target version', async (t) => {
    const fleet = [...nodes(4_900, { name: 'old', version: 'v1.32.0' }), ...nodes(100, { name: 'new' })];
    const { found, asked } = await live(t, fleet, () => told('static'), NO_REGIONS);
    assert.deepEqual([found.policiesFrom.configz, found.skipped], [100, [{ version: '1.32', nodes: 4_900 }]]);
    assert.equal(asked.filter(({ path }) => path === '/api/v1/nodes').length, 10);
    assert.equal(asked.filter(({ path }) => path.endsWith('/configz')).length, 100);
  });

  it('takes intensities from the Regions of the cluster', async (t) => {
    const region = {
      apiVersion: 'gridgate.dev/v1alpha1',
      kind: 'Region',
      metadata: { name: 'us-west-2' },
      spec: { gramsPerKwh: 120.5 },
    };
    const regions = { body: { kind: 'RegionList', metadata: { resourceVersion: '1' }, items: [region] } };
    const { found } = await live(t, nodes(2, { name: 'n' }), () => told('static'), regions);
    assert.deepEqual([found.carbon.regions[0].source, found.carbon.kgCo2e], ['static', 0.024208]);
  });

  it('takes them from --regions before those of the cluster', async (t) => {
    const regions = writeDocuments(join(makeTemporaryDirectory(t), 'R.yaml'), [
      regionYaml('us-west-2', { gramsPerKwh: 241 }),
    ]);
    const fleet = nodes(2, { name: 'n' });
    const { found, asked, stderr } = await live(t, fleet, () => told('static'), NO_REGIONS, '--regions', regions);
    assert.deepEqual([found.carbon.regions[0].gramsPerKwh, stderr], [241, '']);
    assert.ok(asked.every(({ path }) => path.startsWith('/api/v1/nodes')));
  });

  it('exits 3 where the nodes cannot be read', async (t) => {
    const { baseUrl } = await startProvider(t, REFUSED);
    for (const server of [baseUrl, 'http://127.0.0.1:1']) {
      const { code, stdout, stderr } = await runCommand(['preflight', '--kubeconfig', kubeconfigFor(t, server)]);
      assert.deepEqual([code, stdout], [3, '']);
      assert.match(stderr, /cannot read the nodes: /);
    }
  });
});
