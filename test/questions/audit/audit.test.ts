import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { stringify } from 'yaml';
import type { AuditReport } from '../../../src/questions/audit/audited-workload.ts';
import { REGION_LABEL } from '../../builders.ts';
import { NAMESPACES, namespaceYaml, REGIONS, regionYaml, writeDocuments } from '../../commands/world-files.ts';
import { makeTemporaryDirectory } from '../../config/temporary-directory.ts';
import { runCommand } from '../../process/run-command.ts';

const CONTAINERS = [{ name: 'main', resources: { requests: { cpu: '1', memory: '1G' } } }];
const PINNED = { nodeSelector: { [REGION_LABEL]: 'eu-central' } };
const API_VERSIONS: Record<string, string> = { Pod: 'v1', Job: 'batch/v1', CronJob: 'batch/v1' };

interface ObjectParts {
  readonly spec?: object;
  /** Beside the template. */
  readonly own?: object;
  /** Of a CronJob, beside the template of its Jobs' pods. */
  readonly job?: object;
  readonly metadata?: object;
  readonly status?: object;
}

/** A workload in namespace shop; `pod` is merged into the spec of its pods. */
function workload(
  kind: string,
  name: string,
  { spec = {}, own = {}, job = {}, metadata = {}, status }: ObjectParts = {},
): object {
  const podSpec = { containers: CONTAINERS, ...spec };
  const template = { template: { spec: podSpec } };
  const specs: Record<string, object> = { Pod: podSpec, CronJob: { jobTemplate: { spec: { ...template, ...job } } } };
  return {
    apiVersion: API_VERSIONS[kind] ?? 'apps/v1',
    kind,
    metadata: { name, namespace: 'shop', ...metadata },
    spec: { ...(specs[kind] ?? template), ...own },
    ...(status && { status }),
  };
}

const ownedBy = (kind: string, name: string) => ({ ownerReferences: [{ kind, name, controller: true }] });

interface Input {
  readonly files?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly args?: readonly string[];
}

/** Writes files and the usual world, and audits them; `DIR` in arguments stands for their directory. */
async function auditText(test: TestContext, { files = {}, stdin, args = [] }: Input) {
  const directory = makeTemporaryDirectory(test);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(directory, 'in', name, '..'), { recursive: true });
    writeFileSync(join(directory, 'in', name), text);
  }
  const regions = writeDocuments(join(directory, 'regions.yaml'), REGIONS);
  const namespaces = writeDocuments(join(directory, 'namespaces.yaml'), NAMESPACES);
  const world = args.includes('--bare') ? [] : ['--regions', regions, '--namespaces', namespaces];
  const input = stdin === undefined ? ['-f', join(directory, 'in')] : ['-f', '-'];
  const own = args.filter((arg) => arg !== '--bare').map((arg) => arg.replace('DIR', directory));
  const all = own.includes('-f') || own.includes('--live') ? own : [...input, ...own];
  const finished = await runCommand(['audit', ...all, ...world], { ...(stdin !== undefined && { input: stdin }) });
  return { ...finished, directory };
}

async function auditJson(test: TestContext, input: Input) {
  const finished = await auditText(test, { ...input, args: ['--output', 'json', ...(input.args ?? [])] });
  assert.match(finished.stdout, /^\{/, finished.stderr);
  return { ...finished, report: JSON.parse(finished.stdout) as AuditReport };
}

const yaml = (...objects: readonly object[]) => objects.map((object) => stringify(object)).join('---\n');
const names = ({ workloads }: AuditReport) => workloads.map(({ kind, name, pods }) => `${kind}/${name} ${pods}`).sort();

describe('gridgate audit of files', () => {
  it('judges every kind of workload, passes over the rest, and exits 1 when one is denied', async (test) => {
    const { code, report } = await auditJson(test, {
      files: {
        'all.yaml': yaml(
          workload('Pod', 'bare'),
          workload('Deployment', 'web', { own: { replicas: 3 } }),
          workload('StatefulSet', 'db', { spec: PINNED, own: { replicas: 2 } }),
          workload('DaemonSet', 'agent', { status: { desiredNumberScheduled: 7 } }),
          workload('ReplicaSet', 'old'),
          workload('Job', 'import', { own: { parallelism: 4 } }),
          workload('Job', 'later', { own: { parallelism: 4, suspend: true } }),
          workload('Job', 'nearly-done', { own: { parallelism: 4, completions: 2 } }),
          workload('CronJob', 'nightly'),
          workload('CronJob', 'wide', { job: { parallelism: 5, completions: 9 } }),
          workload('CronJob', 'later', { job: { parallelism: 5 }, own: { suspend: true } }),
          { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' } },
          { apiVersion: 'example.com/v1', kind: 'Deployment', metadata: { name: 'not-ours' } },
        ),
      },
    });
    assert.equal(code, 1);
    assert.deepEqual(names(report), [
      'CronJob/later 0',
      'CronJob/nightly 1',
      'CronJob/wide 5',
      'DaemonSet/agent 7',
      'Deployment/web 3',
      'Job/import 4',
      'Job/later 0',
      'Job/nearly-done 2',
      'Pod/bare 1',
      'ReplicaSet/old 1',
      'StatefulSet/db 2',
    ]);
    assert.deepEqual(report.passedOver, { Service: 1 });
    assert.deepEqual(report.notJudged, { 'Deployment.example.com': 1 }, 'whose template nobody sees');
    const denied = report.workloads.filter((one) => one.denied);
    assert.deepEqual(
      denied.map(({ name, reason, alternative }) => [name, reason, alternative?.region]),
      [['db', 'high_carbon', 'eu-north']],
    );
  });

  it('counts what stands behind the workloads: namespaces, limit ranges, regions and nodes', async (test) => {
    const input = yaml(
      workload('Deployment', 'web', { metadata: { namespace: 'new' }, spec: { containers: [{}], ...PINNED } }),
      {
        apiVersion: 'v1',
        kind: 'LimitRange',
        metadata: { name: 'l', namespace: 'new' },
        spec: { limits: [{ type: 'Container', default: { cpu: '2', memory: '3G' }, defaultRequest: { cpu: '1' } }] },
      },
      { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1', labels: { [REGION_LABEL]: 'eu-central' } } },
    );
    const namespace = namespaceYaml('new', { mode: 'audit', 'home-region': 'eu-north' });
    const regions = [
      regionYaml('eu-central', { gramsPerKwh: 340 }),
      regionYaml('eu-north', { gramsPerKwh: 50, elastic: true }),
    ];
    const { code, report, stderr } = await auditJson(test, {
      stdin: [input, namespace, ...regions].join('---\n'),
      args: ['--bare'],
    });
    assert.equal(stderr, '');
    const [found] = report.workloads;
    assert.deepEqual(found?.requests, { vcpu: 1, memoryGb: 3, basis: 'looked-up' });
    assert.deepEqual([code, found?.mode, found?.decision, found?.denied], [0, 'audit', 'deny', false]);
    assert.deepEqual(report.totals.wouldBeDenied, 1);
    assert.deepEqual(
      report.regions.map(({ region }) => region),
      ['eu-central', 'eu-north'],
    );
  });

  it('has embodied grams beside the operational ones, on screen, as data and on the page', async (test) => {
    const labels = { [REGION_LABEL]: 'eu-central', 'node.kubernetes.io/instance-type': 'm6g.xlarge' };
    const stdin = yaml(
      workload('Deployment', 'web', { own: { replicas: 2 }, spec: PINNED, metadata: { namespace: 'lab' } }),
      { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1', labels } },
    );
    const { report } = await auditJson(test, { stdin });
    const [found] = report.workloads;
    // 2 pods * 1 vCPU * 1333.12 kg * 1000 / 35040 h / 64
    assert.ok(Math.abs((found?.embodied.gramsPerHour ?? 0) - 1.188_926_94) < 1e-7, JSON.stringify(found?.embodied));
    assert.equal(found?.embodied.basis, 'estimated');
    // 2 * (0.74 + 0.5 * 2.76 W + 0.392 W) / 1000 * 1.135 * 340: electricity alone
    assert.ok(Math.abs((found?.gramsPerHour.asWritten ?? 0) - 1.938_761_6) < 1e-6, JSON.stringify(found?.gramsPerHour));
    const { stdout, directory } = await auditText(test, { stdin, args: ['--html', 'DIR/page.html'] });
    assert.match(stdout, /^ {2}deploy\/web .* ~1\.19 /m);
    const page = readFileSync(join(directory, 'page.html'), 'utf8');
    assert.match(page, /<td class="number" data-label="embodied" data-value="1\.18[0-9]+">~1\.19/);
    assert.match(page, /<dt>Embodied, on top<\/dt><dd>~1\.19<\/dd>/);
  });

  it('has an input namespace change what is known of it key by key, as apply does', async (test) => {
    const plain = namespaceYaml('shop');
    const { code } = await auditText(test, {
      stdin: [yaml(workload('Pod', 'x', { spec: PINNED })), plain].join('---\n'),
    });
    assert.equal(code, 1, 'the namespaces file says enforce');
  });

  it('tells every broken document with file, document and line, goes on, and exits 2 when nothing is denied', async (test) => {
    const text = [
      yaml(workload('Deployment', 'good')),
      'a: b: c\n',
      '# nothing\n',
      'kind: Deployment\nmetadata: {name: {{ .Values.name }}}\n',
      yaml(workload('Deployment', 'odd', { spec: { nodeSelector: { rack: 5 } } })),
      yaml(workload('Deployment', 'many', { own: { replicas: -1 } })),
      stringify({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'empty' } }),
      'null\n',
      yaml(workload('Pod', 'last')),
    ].join('---\n');
    const { code, report, directory } = await auditJson(test, { files: { 'a.yaml': text } });
    assert.equal(code, 2);
    assert.deepEqual(names(report), ['Deployment/good 1', 'Pod/last 1']);
    const file = join(directory, 'in', 'a.yaml');
    const lineOf = (part: string) => text.slice(0, text.indexOf(part)).split('\n').length;
    assert.match(
      report.broken[0] ?? '',
      new RegExp(`^${file}, document 2, line ${lineOf('a: b: c')}: Nested mappings`),
    );
    assert.equal(
      report.broken[1],
      `${file}, document 4, line ${lineOf('metadata: {name: {{')}: holds a template that nobody rendered, {{ }}; audit what helm template prints`,
    );
    assert.match(
      report.broken[2] ?? '',
      /document 5, line \d+: Deployment odd: spec.nodeSelector.rack: must be text; write the number in quotes$/,
    );
    assert.match(report.broken[3] ?? '', /document 6, .*: Deployment many: spec.replicas: must be a whole number$/);
    assert.match(report.broken[4] ?? '', /document 7, .*: Deployment empty: has no spec.template with a spec$/);
    assert.equal(report.broken.length, 5);
    assert.deepEqual(report.workloads.find(({ name }) => name === 'last')?.place, {
      file,
      document: 9,
      line: lineOf('kind: Pod') - 1,
    });
  });

  it('tells garbage in one short line without control characters', async (test) => {
    const stdin = `a: *${'\u0001\u009b\u{1F600}'.repeat(2_000)}\n`;
    const { report } = await auditJson(test, { stdin });
    assert.match(report.broken.join(), /\u{1F600} \u{1F600}/u);
    for (const message of report.broken) {
      assert.ok(message.length < 500, `${message.length} characters`);
      assert.doesNotMatch(message, /\p{Cc}/u);
      assert.ok(message.isWellFormed());
    }
  });

  it('says of each member of a long List where it stands, and reads on behind one that is broken', async (test) => {
    const filler = workload('Pod', 'first', { metadata: { annotations: { long: 'x'.repeat(1_100_000) } } });
    const [first, good] = [filler, workload('Pod', 'good')].map((object) => JSON.stringify(object));
    const stdin = `{"items": [\n${first},\n{"apiVersion" 1},\n${good}\n],\n"kind": "List", "apiVersion": "v1"}\n`;
    const { code, report } = await auditJson(test, { stdin });
    assert.deepEqual([code, names(report)], [2, ['Pod/first 1', 'Pod/good 1']]);
    assert.deepEqual(
      report.workloads.map(({ place }) => [place?.document, place?.line]),
      [
        [1, 2],
        [1, 4],
      ],
    );
    assert.match(report.broken[0] ?? '', /^standard input, document 1, line 3: /);
  });

  it('refuses one List over 64 MB, with the way out, and goes on behind it', async (test) => {
    const item = JSON.stringify(workload('Pod', 'x', { metadata: { annotations: { long: 'x'.repeat(1_000_000) } } }));
    const list = `{"apiVersion":"v1","kind":"List","items":[${Array(68).fill(item).join()}]}`;
    const files = { 'a.json': `${list}\n${JSON.stringify(workload('Pod', 'behind'))}\n` };
    const { code, report } = await auditJson(test, { files });
    assert.deepEqual([code, names(report)], [2, ['Pod/behind 1']]);
    assert.match(report.broken.join(), /document 1, line 1: is longer than 64 MB .*--live.*jq -c '\.items\[\]'/);
  });

  it('refuses a long document that only a syntax tree could tell the meaning of, and goes on', async (test) => {
    const stdin = `${'a: [\n'.repeat(1_000_000)}---\n${yaml(workload('Pod', 'behind'))}`;
    const { code, report } = await auditJson(test, { stdin });
    assert.deepEqual([code, names(report)], [2, ['Pod/behind 1']]);
    assert.match(report.broken.join(), /^standard input, document 1, line 1: is broken, or too long .*-o json/);
  });

  it('passes over a long line of open braces without looking at it again and again', {
    timeout: 300_000,
  }, async (test) => {
    const stdin = `a: b: ${'{{'.repeat(1_000_000)}\n---\n${yaml(workload('Pod', 'behind'))}`;
    const { report } = await auditJson(test, { stdin });
    assert.deepEqual(names(report), ['Pod/behind 1']);
    assert.match(report.broken[0] ?? '', /^standard input, document 1, line 1: /);
  });

  it('exits 1, not 2, when a workload is denied beside a broken document', async (test) => {
    const { code } = await auditText(test, { stdin: `a: b: c\n---\n${yaml(workload('Pod', 'x', { spec: PINNED }))}` });
    assert.equal(code, 1);
  });

  it('counts nothing twice in what kubectl get all prints', async (test) => {
    const running = { status: { phase: 'Running' } };
    const items = [
      workload('Pod', 'web-abc-1', {
        ...running,
        metadata: { ...ownedBy('ReplicaSet', 'web-abc'), labels: { 'pod-template-hash': 'abc' } },
      }),
      workload('Pod', 'lost-abc-1', {
        ...running,
        metadata: { ...ownedBy('ReplicaSet', 'lost-abc'), labels: { 'pod-template-hash': 'abc' } },
      }),
      workload('Pod', 'lost-abc-2', {
        ...running,
        metadata: { ...ownedBy('ReplicaSet', 'lost-abc'), labels: { 'pod-template-hash': 'abc' } },
      }),
      workload('Pod', 'done', { status: { phase: 'Succeeded' } }),
      workload('Pod', 'bare', running),
      workload('Deployment', 'web', { own: { replicas: 3 } }),
      workload('ReplicaSet', 'web-abc', { own: { replicas: 3 }, metadata: ownedBy('Deployment', 'web') }),
      workload('ReplicaSet', 'gone-1', { own: { replicas: 0 }, metadata: ownedBy('Deployment', 'gone') }),
      workload('ReplicaSet', 'gone-2', { own: { replicas: 2 }, metadata: ownedBy('Deployment', 'gone') }),
      workload('CronJob', 'nightly'),
      workload('Job', 'nightly-29012345', { metadata: ownedBy('CronJob', 'nightly') }),
      workload('Job', 'ended', { status: { conditions: [{ type: 'Complete', status: 'True' }] } }),
    ];
    const { report } = await auditJson(test, {
      stdin: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, null, 4),
    });
    assert.deepEqual(names(report), [
      'CronJob/nightly 1',
      'Deployment/lost 2',
      'Deployment/web 3',
      'Pod/bare 1',
      'ReplicaSet/gone-2 2',
    ]);
    assert.deepEqual(report.passedOver, { 'Job (finished)': 1, 'Pod (finished)': 1 });
    const line =
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, null, 4).split('"name": "bare"')[0]?.split('\n')
        .length ?? 0;
    const place = report.workloads.find(({ name }) => name === 'bare')?.place;
    assert.deepEqual([place?.file, place?.document], ['standard input', 1]);
    assert.ok(
      place && line - place.line === 4,
      `${place?.line} is where the item begins, ${line} where its name stands`,
    );
  });

  it('reads directories at any depth, whatever links go round, and leaves out what is hidden', async (test) => {
    const directory = makeTemporaryDirectory(test);
    const write = (path: string, name: string) => {
      mkdirSync(join(directory, path, '..'), { recursive: true });
      writeFileSync(join(directory, path), yaml(workload('Pod', name)));
    };
    write('b.yml', 'b');
    write('a/deep/er/c.json', 'c');
    write('a/A.YAML', 'a');
    for (const path of ['.hidden/x.yaml', 'node_modules/p/x.yaml', 'a/.x.yaml', 'a/readme.md']) write(path, 'never');
    writeFileSync(join(directory, 'a', 'gridgate-test.yaml'), 'cases: []');
    symlinkSync(directory, join(directory, 'a', 'round'));
    symlinkSync('nowhere', join(directory, 'dangling'));
    const regions = writeDocuments(join(makeTemporaryDirectory(test), 'R.yaml'), REGIONS);
    const { stdout, stderr, code } = await runCommand([
      'audit',
      '-f',
      directory,
      '--regions',
      regions,
      '--strict',
      '--output',
      'json',
    ]);
    assert.equal(code, 0);
    assert.match(stderr, /^gridgate: nodes were not looked at: .*\n$/, 'one note, since no nodes are known');
    const found = (JSON.parse(stdout) as AuditReport).workloads.map(({ name, place }) => [
      name,
      place?.file.slice(directory.length + 1),
    ]);
    assert.deepEqual(found, [
      ['a', 'a/A.YAML'],
      ['c', 'a/deep/er/c.json'],
      ['b', 'b.yml'],
    ]);
  });

  it('keeps hostile names as they are', async (test) => {
    const hostile = ['__proto__', 'constructor', '</script>', 'x'.repeat(253), 'שלום', "a'b"];
    const { report } = await auditJson(test, {
      stdin: hostile.map((name) => JSON.stringify(workload('Pod', name, { metadata: { namespace: name } }))).join('\n'),
    });
    assert.deepEqual(
      report.workloads.map(({ name, namespace }) => [name, namespace]),
      hostile.map((name) => [name, name]),
    );
    assert.equal(report.namespaces.length, hostile.length);
  });

  it('assumes the mode that it is told where a namespace is off or unknown', async (test) => {
    const stdin = yaml(
      workload('Pod', 'x', { spec: PINNED, metadata: { namespace: 'legacy' } }),
      workload('Pod', 'x', { spec: PINNED, metadata: { namespace: 'nobody' } }),
    );
    const modes = async (...args: string[]) => {
      const { code, report } = await auditJson(test, { stdin, args });
      return [code, ...report.workloads.map(({ mode }) => mode)];
    };
    assert.deepEqual(await modes(), [1, 'off', 'enforce']);
    assert.deepEqual(await modes('--assume-mode', 'audit'), [0, 'audit', 'audit']);
  });

  it('puts objects that name no namespace where it is told', async (test) => {
    const stdin = yaml(workload('Pod', 'x', { metadata: { namespace: undefined } }));
    const { report } = await auditJson(test, { stdin, args: ['-n', 'lab'] });
    assert.deepEqual(
      report.workloads.map(({ namespace, mode }) => [namespace, mode]),
      [['lab', 'audit']],
    );
  });

  it('writes a page beside what it prints', async (test) => {
    const { directory, code, stdout } = await auditText(test, {
      stdin: yaml(workload('Deployment', 'web')),
      args: ['--html', 'DIR/page.html'],
    });
    assert.equal(code, 0);
    assert.match(stdout, /deploy\/web/);
    assert.match(readFileSync(join(directory, 'page.html'), 'utf8'), /^<!doctype html>/i);
  });
});

describe('the command line of gridgate audit', () => {
  const MISTAKES: Record<string, { args: readonly string[]; stdin?: string; complaints: readonly RegExp[] }> = {
    'nothing to audit': { args: ['-f', ''], complaints: [/filename/] },
    'files and a cluster at once': {
      args: ['-f', '-', '--live'],
      complaints: [/--filename: means nothing beside --live/, /--live: needs a cluster/],
    },
    'reports of files': { args: ['-f', '-', '--report'], complaints: [/--report: needs --live/] },
    'files that are not there': {
      args: ['-f', 'DIR/one', '-f', 'DIR/two'],
      complaints: [/one: cannot be read: there is no such file or directory/, /two: cannot be read/],
    },
    'input without an object': {
      args: ['-f', '-'],
      stdin: '# nothing\n',
      complaints: [/- holds no Kubernetes object/],
    },
    'a page where none can be': {
      args: ['-f', '-', '--html', 'DIR/none/page.html'],
      complaints: [/--html: .*none\/page\.html cannot be written: ENOENT/],
    },
    'a page in place of a directory': {
      args: ['-f', '-', '--html', 'DIR'],
      complaints: [/--html: .* cannot be written: it is no regular file/],
    },
    'standard input twice': { args: ['-f', '-', '-f', '-'], complaints: [/- is there twice/] },
  };
  for (const [name, { args, stdin = '', complaints }] of Object.entries(MISTAKES))
    it(`says at once what is wrong with ${name}`, async (test) => {
      const finished = await auditText(test, { stdin, args });
      assert.deepEqual([finished.code, finished.stdout], [2, '']);
      assert.equal(finished.complaints.length, complaints.length, finished.stderr);
      for (const [index, pattern] of complaints.entries()) assert.match(finished.complaints[index] ?? '', pattern);
    });

  it('takes the yearly averages of public clouds where nobody describes regions, and says so', async (test) => {
    const { code, stdout, complaints } = await auditText(test, { stdin: yaml(workload('Pod', 'x')), args: ['--bare'] });
    assert.equal(code, 0, complaints.join());
    assert.match(stdout, /^ {2}pod\/x +1 /m);
    assert.match(
      complaints.join('\n'),
      /no Regions are given: the yearly averages of all \d+ known regions of public clouds/,
    );
  });
});
