import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { AuditReport } from '../../../src/questions/audit/audited-workload.ts';
import { NAMESPACES, REGIONS, writeDocuments } from '../../commands/world-files.ts';
import { makeTemporaryDirectory } from '../../config/temporary-directory.ts';
import { runCommand } from '../../process/run-command.ts';

const PINNED = 'nodeSelector: {topology.kubernetes.io/region: eu-central}, containers: [{name: c, image: i}]';

/** Audits files, by name, in a world where eu-central is too dirty for shop. */
async function audit(test: TestContext, files: Readonly<Record<string, string | Buffer>>, ...args: readonly string[]) {
  const directory = makeTemporaryDirectory(test);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, 'in', name)), { recursive: true });
    writeFileSync(join(directory, 'in', name), text);
  }
  const regions = writeDocuments(join(directory, 'regions.yaml'), REGIONS);
  const namespaces = writeDocuments(join(directory, 'namespaces.yaml'), NAMESPACES);
  const own = args.map((arg) => arg.replace('DIR', directory));
  const world = ['--regions', regions, '--namespaces', namespaces];
  const finished = await runCommand(['audit', '-f', join(directory, 'in'), ...world, ...own]);
  return { ...finished, directory };
}

async function report(test: TestContext, files: Readonly<Record<string, string | Buffer>>, ...args: readonly string[]) {
  const finished = await audit(test, files, '--output', 'json', ...args);
  assert.match(finished.stdout, /^\{/, finished.stderr);
  return { ...finished, ...(JSON.parse(finished.stdout) as AuditReport) };
}

function object(apiVersion: string, kind: string, name: string, spec: string): string {
  return `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: ${name}, namespace: shop}\nspec: ${spec}\n`;
}

const deployment = (name: string, podSpec: string) =>
  object('apps/v1', 'Deployment', name, `{replicas: 2, template: {spec: {${podSpec}}}}`);

const documents = (...all: readonly string[]) => all.join('---\n');

describe('gridgate audit reads what kubectl reads', () => {
  it('numbers, words and names of YAML 1.1, null labels, UTF-16, and marks of files behind one another', async (test) => {
    const web = deployment('web', PINNED);
    const found = await report(test, {
      'a-octal.yaml': web.replace('replicas: 2', 'replicas: 010').replace('name: web', 'name: octal'),
      'b-name.yaml': web.replace('name: web', 'name: 12e4567'),
      'c-null.yaml': web
        .replace('name: web', 'name: nulls, labels: {v: }, annotations: {w: }')
        .replace('image: i', 'image: i, resources: {requests: }'),
      'd-utf-16.yaml': Buffer.from(`\ufeff${web.replace('name: web', 'name: wide')}`, 'utf16le'),
      'e-marks.yaml': `\ufeff${web.replace('name: web', 'name: one')}\ufeff---\n${web.replace('name: web', 'name: two')}`,
      'f-twice.yaml': `${web.replace('name: web', 'name: twice')}metadata: {name: twice-said, namespace: shop}\n`,
    });
    assert.deepEqual(found.broken, []);
    assert.deepEqual(
      found.workloads.map(({ name, pods, reason }) => [name, pods, reason]).sort(),
      ['12e4567 2', 'nulls 2', 'octal 8', 'one 2', 'twice-said 2', 'two 2', 'wide 2'].map((row) => {
        const [name, pods] = row.split(' ');
        return [name, Number(pods), 'high_carbon'];
      }),
    );
    assert.match(found.stderr, /f-twice\.yaml, document 1, line 5: Map keys must be unique/);
    assert.equal(found.code, 1);
  });

  const REFUSED: Readonly<Record<string, readonly [resources: string, mistake: RegExp]>> = {
    'a negative amount': ['requests: {memory: "-1"}', /requests\.memory: "-1" must not be negative/],
    'a negative number': ['requests: {cpu: -1}', /requests\.cpu: "-1" must not be negative/],
    'a unit of no quantity': ['requests: {memory: 1Gib}', /requests\.memory: "1Gib" is no quantity/],
    'two points': ['limits: {cpu: 1.5.2}', /limits\.cpu: "1.5.2" is no quantity/],
    'an exponent without a number': ['requests: {cpu: 1e}', /"1e" is no quantity/],
    'a request above its limit': [
      'requests: {cpu: 2}, limits: {cpu: 1500m}',
      /requests\.cpu: "2" is above its limit, "1500m"/,
    ],
    'half of a device': ['limits: {nvidia.com/gpu: 500m}', /gpu: "500m" must be a whole number/],
    'a list': ['requests: {cpu: [1]}', /cpu: must be a quantity such as 500m or 1Gi/],
    infinity: ['requests: {cpu: .inf}', /cpu: Kubernetes knows no infinite numbers/],
  };
  it('and refuses quantities that the API server refuses, each with its file and line', async (test) => {
    const rows = Object.entries(REFUSED);
    const text = documents(
      ...rows.map(([, [resources]]) => deployment('web', `containers: [{name: c, resources: {${resources}}}]`)),
    );
    const { code, broken, workloads } = await report(test, { 'a.yaml': text });
    assert.deepEqual([code, workloads.length, broken.length], [2, 0, rows.length]);
    for (const [index, [name, [, mistake]]] of rows.entries()) {
      assert.match(broken[index] ?? '', mistake, name);
      const line = index * 5 + (name === 'infinity' ? 4 : 1);
      assert.match(broken[index] ?? '', new RegExp(`a\\.yaml, document ${index + 1}, line ${line}: `));
    }
  });
});

describe('gridgate audit of what the API server takes, or does not', () => {
  it('reads braces and quotes whose lines stand as far out as kubectl lets them', async (test) => {
    const text = `apiVersion: apps/v1\nkind: Deployment\nmetadata: {\n  name: web,\n  namespace: shop,\n  annotations: {note: "a\nb"}\n}\nspec: {\n  template: {spec: {${PINNED}}}\n}\n`;
    const { broken, workloads } = await report(test, { 'a.yaml': text });
    assert.deepEqual([broken, workloads.map(({ reason }) => reason)], [[], ['high_carbon']]);
  });

  it('reads quantities with spaces around them, and without digits', async (test) => {
    const requests = (cpu: string) => `containers: [{name: c, resources: {requests: {cpu: "${cpu}", memory: 1Gi}}}]`;
    const { broken, workloads } = await report(test, {
      'a.yaml': documents(deployment('spaced', requests(' 500m ')), deployment('rendered', requests('m'))),
    });
    assert.deepEqual([broken, workloads.map(({ requests }) => requests.vcpu)], [[], [0.5, 0]]);
  });

  it('tells what is wrong with a Node, wherever it stands, and never ends in a stack', async (test) => {
    const node = (rest: string) => `apiVersion: v1\nkind: Node\n${rest}`;
    const text = documents(
      node(''),
      node('metadata: {name: a}\nspec: {taints: 7}\n'),
      node('metadata: {name: b, labels: {c: 1}}\n'),
    );
    const { code, broken } = await report(test, { 'a.yaml': text });
    assert.deepEqual([code, broken.length], [2, 3]);
    assert.match(
      broken.join('\n'),
      /metadata\.name must be given[\s\S]*Node a: spec\.taints: must be of type array[\s\S]*labels: c must be text/,
    );
    const file = join(makeTemporaryDirectory(test), 'nodes.yaml');
    writeFileSync(file, text);
    const given = await audit(test, { 'a.yaml': deployment('web', PINNED) }, '--namespaces', file);
    assert.equal(given.code, 2);
    assert.match(given.stderr, /document 1, line 1: Node: metadata[\s\S]*document 2, line 4: Node: spec\.taints/);
  });

  it('refuses more pods than Kubernetes can count', async (test) => {
    const text = deployment('web', PINNED).replace('replicas: 2', 'replicas: 2147483648');
    const { code, broken } = await report(test, { 'a.yaml': text });
    assert.equal(code, 2);
    assert.match(broken.join(), /Deployment web: spec\.replicas: must be a whole number/);
  });
});

describe('gridgate audit of kinds that it does not know', () => {
  const TEMPLATE = `template: {spec: {${PINNED}}}`;
  const FILES = {
    'all.yaml': documents(
      object('v1', 'ReplicationController', 'old', `{replicas: 3, ${TEMPLATE}}`),
      object('argoproj.io/v1alpha1', 'Rollout', 'rolled', `{replicas: 4, ${TEMPLATE}}`),
      object('apps.kruise.io/v1alpha1', 'CloneSet', 'cloned', `{replicas: 0x10, ${TEMPLATE}}`),
      object('serving.knative.dev/v1', 'Service', 'served', `{${TEMPLATE}}`),
      object('keda.sh/v1alpha1', 'ScaledJob', 'scaled', `{jobTargetRef: {parallelism: 5, ${TEMPLATE}}}`),
      object('apps.kruise.io/v1alpha1', 'DaemonSet', 'agent', `{${TEMPLATE}}`),
      object('argoproj.io/v1alpha1', 'Workflow', 'flow', '{templates: []}'),
      object('v1', 'Service', 'web', '{ports: []}'),
      object('networking.k8s.io/v1', 'Ingress', 'web', '{rules: []}'),
    ),
  };

  it('judges those that carry a template of pods, and calls no other one harmless', async (test) => {
    const found = await report(test, FILES);
    assert.deepEqual(
      found.workloads.map(({ kind, pods, reason, judgedBy }) => [kind, pods, reason, judgedBy]),
      [
        ['ReplicationController', 3, 'high_carbon', 'kind'],
        ['Rollout', 4, 'high_carbon', 'pod template'],
        ['CloneSet', 16, 'high_carbon', 'pod template'],
        ['Service', 1, 'high_carbon', 'pod template'],
        ['ScaledJob', 5, 'high_carbon', 'pod template'],
        ['DaemonSet', 1, 'daemonset_pod', 'pod template'],
      ],
    );
    assert.deepEqual(found.notJudged, { 'Workflow.argoproj.io': 1 });
    assert.deepEqual(found.passedOver, { Ingress: 1, Service: 1 });
    assert.equal(found.code, 1);
  });

  it('says so in its table and on its page', async (test) => {
    const { stdout, directory } = await audit(test, FILES, '--html', 'DIR/page.html');
    assert.match(stdout, /^Judged by its pod template: .*1 Rollout/m);
    assert.match(stdout, /^Not judged, of kinds that gridgate does not know: 1 Workflow\.argoproj\.io$/m);
    assert.match(stdout, /^Passed over, without pods: 1 Ingress, 1 Service$/m);
    const page = readFileSync(join(directory, 'page.html'), 'utf8');
    assert.match(page, /judged by its pod template/);
    assert.match(page, /Not judged, of kinds that gridgate does not know: 1 Workflow\.argoproj\.io/);
  });
});

describe('gridgate audit of a repository', () => {
  const REPOSITORY = {
    'base/web.yaml': deployment('web', 'containers: [{name: c, image: i}]'),
    'base/kustomization.yaml':
      'resources: [web.yaml]\npatches: [{path: patches/pin.yaml}, {path: ops.yaml, target: {kind: Deployment}}]\n',
    'base/patches/pin.yaml': deployment('web', PINNED),
    'base/ops.yaml': '- {op: replace, path: /spec/replicas, value: 3}\n',
    'more/replicas.yaml': object('apps/v1', 'Deployment', 'web', '{replicas: 5}'),
    'chart/Chart.yaml': 'apiVersion: v2\nname: chart\nversion: 0.1.0\n',
    'chart/values.yaml': 'replicas: 3\nimage: {tag: x}\n',
    'chart/templates/web.yaml': 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: {{ .Release.Name }}}\n',
    'package.json': '{"name": "shop", "private": true}',
  };

  it('passes over what is no Kubernetes object, counts it, and exits 0', async (test) => {
    const { code, workloads, noObjects, broken } = await report(test, REPOSITORY);
    assert.deepEqual([code, broken, workloads.map(({ name }) => name)], [0, [], ['web']]);
    assert.deepEqual(noObjects, { 'chart template': 1, document: 4, patch: 3 });
    const { stdout } = await audit(test, REPOSITORY);
    assert.match(stdout, /^Passed over, no Kubernetes objects: 4 documents, 3 patches, 1 chart template$/m);
  });

  it('makes each of them a mistake with --strict, and exits 2', async (test) => {
    const { code, broken, noObjects } = await report(test, REPOSITORY, '--strict');
    assert.deepEqual([code, broken.length, noObjects], [2, 8, {}]);
    assert.match(broken.join('\n'), /chart\/values\.yaml, document 1, line 1: apiVersion and kind must both be given/);
  });

  it('exits 0 where nothing else is there', async (test) => {
    const others = Object.entries(REPOSITORY).filter(([name]) => !/web\.yaml$/.test(name));
    const { code, stdout } = await audit(test, Object.fromEntries(others));
    assert.equal(code, 0);
    assert.match(stdout, /^Nothing to audit.*\nPassed over, no Kubernetes objects: 4 documents, 3 patches$/m);
  });

  it('says where a chart is all there is that nothing was audited, and exits 2', async (test) => {
    const chart = Object.entries(REPOSITORY).filter(([name]) => name.startsWith('chart/'));
    const { code, complaints } = await audit(test, Object.fromEntries(chart));
    assert.equal(code, 2);
    assert.match(complaints.join(), /holds no Kubernetes object; audit what helm template prints$/);
  });

  it('tells an object that lacks something from what is none', async (test) => {
    const { code, broken } = await report(test, { 'a.yaml': 'kind: Deployment\nmetadata: {name: web}\nspec: {}\n' });
    assert.equal(code, 2);
    assert.match(broken.join(), /apiVersion and kind must both be given/);
  });
});

describe('a region that nobody knows', () => {
  const FILES = {
    'a.yaml': documents(
      deployment(
        'unrendered',
        'nodeSelector: {topology.kubernetes.io/region: "{{ .Values.region }}"}, containers: [{name: c}]',
      ),
      deployment('misspelt', 'nodeSelector: {topology.kubernetes.io/region: eu-nroth}, containers: [{name: c}]'),
      deployment(
        'of-a-cloud',
        'nodeSelector: {topology.kubernetes.io/region: ap-southeast-2}, containers: [{name: c}]',
      ),
    ),
  };

  it('is a finding: exit code 1, the reason, and what was probably meant', async (test) => {
    const found = await report(test, FILES);
    assert.equal(found.code, 1);
    assert.deepEqual(
      found.workloads.map(({ name, reason, denied, unknownRegions }) => [name, reason, denied, unknownRegions]),
      [
        ['unrendered', 'unknown_region', false, ['{{ .Values.region }}']],
        ['misspelt', 'unknown_region', false, ['eu-nroth']],
        ['of-a-cloud', 'unreachable', false, []],
      ],
    );
    assert.equal(found.totals.unknownRegion, 2);
    assert.match(
      found.workloads[1]?.message ?? '',
      /"eu-nroth", a region that nobody knows \(did you mean eu-north\?\)/,
    );
  });

  it('is one where a variable was empty, and where the namespace names it', async (test) => {
    const empty = 'nodeSelector: {topology.kubernetes.io/region: }, containers: [{name: c}]';
    const shell = ['$', '{REGIONS}'].join('');
    const found = await report(test, {
      'a.yaml': documents(
        deployment('empty', empty),
        `apiVersion: v1\nkind: Namespace\nmetadata: {name: eu, annotations: {gridgate.dev/mode: enforce, gridgate.dev/regions: "${shell}"}}\n`,
        deployment('held', 'containers: [{name: c}]').replace('namespace: shop', 'namespace: eu'),
      ),
    });
    assert.equal(found.code, 1);
    assert.deepEqual(
      found.workloads.map(({ name, reason, unknownRegions }) => [name, reason, unknownRegions]),
      [
        ['empty', 'unknown_region', ['']],
        ['held', 'unknown_region', [shell]],
      ],
    );
  });

  const OUTPUTS: Readonly<Record<string, RegExp>> = {
    table: /\(unknown_region\):\n {2}shop deploy\/\w+ \(.*a\.yaml:\d+\)/,
    yaml: /reason: unknown_region/,
    sarif: /"ruleId": "unknown_region"[^}]*"level": "error"/,
    junit: /<failure type="unknown_region"/,
  };
  for (const [output, expected] of Object.entries(OUTPUTS))
    it(`is named in ${output}, and on the page`, async (test) => {
      const { code, stdout, directory } = await audit(test, FILES, '--output', output, '--html', 'DIR/page.html');
      assert.equal(code, 1);
      assert.match(stdout, expected);
      assert.match(readFileSync(join(directory, 'page.html'), 'utf8'), /unknown_region/);
    });
});
