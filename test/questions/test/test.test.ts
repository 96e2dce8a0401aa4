import assert from 'node:assert/strict';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { regionYaml, writeDocuments } from '../../commands/world-files.ts';
import { makeTemporaryDirectory } from '../../config/temporary-directory.ts';
import { prefixed } from '../../e2e/objects.ts';
import { runCommand } from '../../process/run-command.ts';
import { parseXml } from '../audit/xml.ts';
import { type Files, NOW, oneCase, POD, runFiles, WORLD, writeAll } from './suite.ts';

const PINNED = { spec: { nodeSelector: { 'topology.kubernetes.io/region': 'us-east' }, containers: [{ name: 'c' }] } };
const DEPLOYMENT = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { template: POD },
};
const RAISED = [400, 400, 400, 90, 90, 90, 400, 400, 400, 400, 400, 400, 400, 400];
const JOB = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'train' },
  spec: {
    template: {
      metadata: { annotations: { 'gridgate.dev/class': 'flexible', 'gridgate.dev/duration': '2h' } },
      spec: { ...PINNED.spec, restartPolicy: 'Never' },
    },
  },
};

describe('manifests/samples/policy-test', () => {
  it('passes', async () => {
    const { code, stdout, stderr } = await runCommand(['test', 'manifests/samples']);
    assert.deepEqual([code, stderr], [0, ''], stdout);
    assert.match(stdout, /^manifests\/samples\/policy-test\/gridgate-test\.yaml\nRESULT /);
    assert.match(stdout, /\n8 cases: all passed\n$/);
  });
});

describe('an expectation', () => {
  /** What comes is the same in all rows but the last ones: shop is steered to eu-north. */
  const rows: readonly [name: string, expect: object, more: object, mismatch: RegExp | undefined][] = [
    ['of a decision', { decision: 'steer' }, {}, undefined],
    ['of another decision', { decision: 'deny' }, {}, /decision\n +expected +deny\n +got +steer\n/],
    ['of a reason', { reason: 'steered' }, {}, undefined],
    ['of another reason', { reason: 'outage' }, {}, /reason\n +expected +outage\n +got +steered\n/],
    ['of being let in', { allowed: true }, {}, undefined],
    ['of not being let in', { allowed: false }, {}, /allowed\n +expected +false\n +got +true\n/],
    ['of the best region', { best: 'eu-north' }, {}, undefined],
    ['of the best regions in their order', { best: ['eu-north', 'us-west'] }, {}, undefined],
    [
      'of another order',
      { best: ['us-west', 'eu-north'] },
      {},
      /best\n +expected +us-west, eu-north\n +got +eu-north, us-west\n/,
    ],
    ['of regions', { includes: ['us-west'], excludes: ['us-east', 'eu-west'] }, {}, undefined],
    ['of a region that is refused', { includes: 'us-east' }, {}, /includes\n +expected +us-east\n +got +high_carbon\n/],
    [
      'of a region to be kept out',
      { excludes: 'us-west' },
      {},
      /excludes\n +expected +not us-west\n +got +eu-north, us-west\n/,
    ],
    ['of refusals', { refused: { 'us-east': 'high_carbon', 'eu-west': 'outage' } }, {}, undefined],
    [
      'of another refusal',
      { refused: { 'eu-west': 'too_far' } },
      {},
      /refused\.eu-west\n +expected +too_far\n +got +outage\n/,
    ],
    [
      'of a refusal that is none',
      { refused: { 'us-west': 'outage' } },
      {},
      /refused\.us-west\n +expected +outage\n +got +open\n/,
    ],
    ['of no warning', { warnings: [] }, {}, undefined],
    ['of a warning', { warnings: 'dirty' }, {}, /warnings\n +expected +holds "dirty"\n +got +none\n/],
    [
      'of the pod as it is admitted',
      { admitted: { spec: { affinity: {}, containers: [{ name: 'c' }] } } },
      {},
      undefined,
    ],
    [
      'of something that it does not hold',
      { admitted: { spec: { priorityClassName: 'gridgate-flexible' } } },
      {},
      /admitted\.spec\.priorityClassName\n +expected +gridgate-flexible\n +got +nothing\n/,
    ],
    [
      'of a denial',
      { decision: 'deny', message: ['us-east is at 400', 'eu-north'], best: 'eu-north' },
      { pod: PINNED },
      /^ {2}best\n/m,
    ],
    [
      'of a message',
      { message: 'nobody' },
      { pod: PINNED },
      /message\n +expected +holds "nobody"\n +got +"gridgate refuses/,
    ],
    [
      'in mode warn',
      { decision: 'deny', allowed: true, warnings: ['would be denied'] },
      { pod: PINNED, namespace: 'calm' },
      undefined,
    ],
    [
      'of a message where nothing is denied',
      { message: 'dirty' },
      {},
      /message\n +expected +holds "dirty"\n +got +none\n/,
    ],
    [
      'of a pod that is left alone, by its reason',
      { decision: 'allow', reason: 'mode_off' },
      { namespace: 'legacy' },
      undefined,
    ],
    [
      'of allow alone is not met by a namespace that never opted in',
      { decision: 'allow' },
      { namespace: 'legacy' },
      /reason\n +expected +one that is named: gridgate leaves this pod alone\n +got +mode_off\n/,
    ],
    [
      'of regions is not met where none was looked at',
      { excludes: 'us-east' },
      { namespace: 'legacy' },
      /excludes\n +expected +us-east\n +got +no region was looked at\n/,
    ],
    [
      'of a reading of the case',
      { refused: { 'eu-north': 'high_carbon' }, best: 'us-west' },
      { readings: { 'eu-north': 500 } },
      undefined,
    ],
    ['of an outage of the case', { refused: { 'eu-north': 'outage' } }, { outages: ['eu-north'] }, undefined],
    [
      'of a reading that is too old to refuse',
      { refused: { 'us-west': 'high_carbon' } },
      { readings: { 'us-west': { gramsPerKwh: 600, age: '7h' } } },
      /refused\.us-west\n/,
    ],
    [
      'of one that is stale, and counts',
      { refused: { 'us-west': 'high_carbon' } },
      { readings: { 'us-west': { gramsPerKwh: 600, age: '3h' } } },
      undefined,
    ],
    [
      'of a wait',
      { decision: 'defer', startsAt: '2026-11-29T16:00:00+01:00' },
      { pod: JOB, namespace: 'night' },
      undefined,
    ],
    [
      'of another start',
      { decision: 'defer', startsAt: NOW },
      { pod: JOB, namespace: 'night' },
      /startsAt\n +expected +2026-11-29T12:00:00Z\n +got +2026-11-29T15:00:00Z\n/,
    ],
    [
      'by another clock',
      { decision: 'defer', startsAt: '2026-11-29T15:00:00Z' },
      { pod: JOB, namespace: 'night', now: '2026-11-29T13:30:00Z' },
      undefined,
    ],
    ['of a template of a file', { decision: 'steer' }, { file: 'web.yaml' }, undefined],
  ];
  for (const [name, expect, more, mismatch] of rows)
    it(`${name} is ${mismatch ? 'not met, which is told' : 'met'}`, async (t) => {
      const files = oneCase(expect, more) as Record<string, { readonly namespaces: object; readonly regions: object }>;
      const suite = files['gridgate-test.yaml'];
      const night = { night: { mode: 'enforce', defer: '12h', 'max-intensity': 500 } };
      const readings =
        'namespace' in more && more.namespace === 'night' ? { 'us-east': { gramsPerKwh: 400, forecast: RAISED } } : {};
      const { code, stdout, stderr } = await runFiles(t, {
        'gridgate-test.yaml': { ...suite, namespaces: { ...suite?.namespaces, ...night }, readings },
        'web.yaml': DEPLOYMENT,
      });
      assert.deepEqual([code, stderr], [mismatch ? 1 : 0, ''], stdout);
      if (mismatch) assert.match(stdout, mismatch);
      assert.match(stdout, mismatch ? /\n1 case: 0 passed, 1 failed\n$/ : /\n1 case: all passed\n$/);
    });
});

describe('a case that fails', () => {
  const files = (t: Parameters<typeof runFiles>[0]) =>
    writeAll(t, {
      'gridgate-test.yaml': {
        ...WORLD,
        cases: [
          { name: 'good', namespace: 'shop', pod: POD, expect: { decision: 'steer' } },
          { name: 'bad <&> "it"', namespace: 'shop', pod: PINNED, expect: { decision: 'steer', best: 'eu-north' } },
        ],
      },
    });

  it('is told with its line and its own explanation; others need no words', async (t) => {
    const { code, stdout } = await runCommand(['test', files(t)]);
    assert.equal(code, 1);
    assert.match(stdout, /^pass +good +shop Pod +steer steered +eu-north, us-west$/m);
    assert.match(stdout, /^FAIL +bad <&> "it" +shop Pod +deny high_carbon +-$/m);
    assert.match(stdout, /^FAIL bad <&> "it" \(\S+gridgate-test\.yaml, line \d+\)$/m);
    assert.match(stdout, /^ {2}3\. reachable +1 of 4: us-east;/m);
    assert.match(stdout, /^ {2}=> deny high_carbon: gridgate refuses/m);
    assert.doesNotMatch(stdout, /^pass good \(/m);
    assert.match((await runCommand(['test', files(t), '--verbose'])).stdout, /^pass good \(\S+, line \d+\)$/m);
  });

  it('is told as data', async (t) => {
    const { code, stdout } = await runCommand(['test', files(t), '-o', 'json']);
    const data = JSON.parse(stdout);
    assert.deepEqual([code, data.version, data.passed, data.failed], [1, 'v1', 1, 1]);
    const [good, bad] = data.cases;
    assert.deepEqual([good.passed, good.regions, good.steps], [true, ['eu-north', 'us-west'], undefined]);
    assert.deepEqual(bad.mismatches, [
      { field: 'decision', expected: 'steer', got: 'deny' },
      { field: 'best', expected: 'eu-north', got: 'none is ranked; open are none' },
    ]);
    assert.deepEqual([bad.reason, bad.allowed, bad.steps.length > 3], ['high_carbon', false, true]);
    assert.deepEqual(parse((await runCommand(['test', files(t), '-o', 'yaml'])).stdout).failed, 1);
  });

  it('is told to CI as JUnit', async (t) => {
    const { code, stdout } = await runCommand(['test', files(t), '-o', 'junit']);
    const { name, attributes, children } = parseXml(stdout);
    assert.deepEqual([code, name, attributes['tests'], attributes['failures']], [1, 'testsuites', '2', '1']);
    const [good, bad] = children[0]?.children ?? [];
    assert.deepEqual([good?.children.length, bad?.attributes['name']], [0, 'bad <&> "it"']);
    const [failure] = bad?.children ?? [];
    assert.match(failure?.attributes['message'] ?? '', /^decision: expected steer, got deny; best: expected eu-north/);
    assert.match(failure?.text ?? '', /=> deny high_carbon/);
    assert.match(bad?.attributes['line'] ?? '', /^\d+$/);
  });
});

describe('a mistake', () => {
  const text = (cases: string, head = '') =>
    `now: ${NOW}\nregions: {eu-north: {gramsPerKwh: 50}}\nnamespaces: {shop: {mode: enforce}}\n${head}cases:\n${cases}`;
  const pod = 'pod: {spec: {containers: [{name: c}]}}';
  const rows: readonly [name: string, files: Files, says: RegExp][] = [
    ['no file', { 'readme.md': '' }, /: no gridgate-test\.yaml is in it, nor below it$/],
    [
      'no case',
      { 'gridgate-test.yaml': text('').replace('cases:\n', 'cases: []\n') },
      /, line 4: cases: holds no case$/,
    ],
    ['no cases', { 'gridgate-test.yaml': `now: ${NOW}\nregions: {a: {}}\n` }, /cases: is missing; give a list$/],
    ['an empty file', { 'gridgate-test.yaml': '' }, /: is empty$/],
    ['no YAML', { 'gridgate-test.yaml': 'cases: [' }, /, line 1: /],
    [
      'a key that is misspelt',
      { 'gridgate-test.yaml': text(`  - {name: a, ${pod}, expct: {decision: steer}}`) },
      /line 5: cases\.0\.expct: no such key, did you mean expect\?$/m,
    ],
    [
      'a word that is misspelt',
      { 'gridgate-test.yaml': text(`  - {name: a, ${pod}, expect: {reason: high_carbn}}`) },
      /line 5: cases\.0\.expect\.reason: no such word, did you mean high_carbon\?$/,
    ],
    [
      'a decision nobody knows',
      { 'gridgate-test.yaml': text(`  - {name: a, ${pod}, expect: {decision: maybe}}`) },
      /cases\.0\.expect\.decision: must be one of allow, steer, defer, deny$/,
    ],
    [
      'nothing that is expected',
      { 'gridgate-test.yaml': text(`  - {name: a, ${pod}, expect: {}}`) },
      /cases\.0\.expect: expects nothing: name what should come$/,
    ],
    [
      'no expectation',
      { 'gridgate-test.yaml': text(`  - {name: a, ${pod}}`) },
      /cases\.0\.expect: is missing; give keys with values$/,
    ],
    [
      'no pod',
      { 'gridgate-test.yaml': text('  - {name: a, expect: {decision: steer}}') },
      /cases\.0: needs either pod or file$/,
    ],
    [
      'a pod twice',
      { 'gridgate-test.yaml': text(`  - {name: a, ${pod}, file: a.yaml, expect: {decision: steer}}`) },
      /cases\.0: needs either pod or file$/,
    ],
    [
      'a name twice',
      { 'gridgate-test.yaml': text(`  - {name: a, ${pod}, expect: {decision: steer}}\n`.repeat(2)) },
      /line 6: cases\.1 \(a\), name: is the name of another case, too$/,
    ],
    [
      'a pod that is none',
      { 'gridgate-test.yaml': text('  - {name: a, pod: {kind: Service, apiVersion: v1}, expect: {decision: steer}}') },
      /line 5: cases\.0 \(a\), pod: Service has no pod to decide about$/,
    ],
    [
      'a label that is no text',
      {
        'gridgate-test.yaml': text(
          '  - {name: a, pod: {metadata: {labels: {a: 1}}, spec: {}}, expect: {decision: steer}}',
        ),
      },
      /pod: metadata\.labels: a must be text/,
    ],
    [
      'a pod of a wrong shape',
      { 'gridgate-test.yaml': text('  - {name: a, pod: {spec: {nodeSelector: [a]}}, expect: {decision: steer}}') },
      /cases\.0 \(a\), pod: Pod\/\?: spec\.nodeSelector: must be of type object, not array$/,
    ],
    [
      'a namespace nobody knows',
      { 'gridgate-test.yaml': text(`  - {name: a, namespace: shpo, ${pod}, expect: {decision: steer}}`) },
      /cases\.0 \(a\), namespace: there is no namespace shpo, did you mean shop\?$/,
    ],
    [
      'a region nobody knows',
      { 'gridgate-test.yaml': text(`  - {name: a, ${pod}, expect: {excludes: eu-nroth}}`) },
      /cases\.0 \(a\), expect\.excludes\.0: there is no region eu-nroth, did you mean eu-north\?$/,
    ],
    [
      'an outage nobody knows',
      { 'gridgate-test.yaml': text(`  - {name: a, ${pod}, expect: {decision: steer}}`, 'outages: [mars]\n') },
      /line 4: outages\.0: there is no region mars; there are eu-north$/,
    ],
    [
      'an annotation nobody knows',
      {
        'gridgate-test.yaml': text(`  - {name: a, ${pod}, expect: {decision: steer}}`).replace(
          '{mode: enforce}',
          '{mdoe: enforce}',
        ),
      },
      /line 3: namespaces\.shop\.mdoe: .*did you mean gridgate\.dev\/mode\?/,
    ],
    [
      'a mode that YAML makes false',
      { 'gridgate-test.yaml': text(`  - {name: a, ${pod}, expect: {decision: steer}}`).replace('enforce', 'off') },
      /namespaces\.shop\.mode: must be text or a number; put words such as off, on and no in quotes$/,
    ],
    [
      'a region of a wrong shape',
      {
        'gridgate-test.yaml': text(`  - {name: a, ${pod}, expect: {decision: steer}}`).replace(
          'gramsPerKwh: 50',
          'gramsPerKhw: 50',
        ),
      },
      /line 2: regions\.eu-north\.gramsPerKhw: no such key, did you mean gramsPerKwh\?$/,
    ],
    [
      'a reading of a wrong shape',
      {
        'gridgate-test.yaml': text(
          `  - {name: a, ${pod}, expect: {decision: steer}}`,
          'readings: {eu-north: {gramsPerKwh: -1}}\n',
        ),
      },
      /line 4: readings\.eu-north\.gramsPerKwh: must be/,
    ],
    [
      'a clock that is none',
      { 'gridgate-test.yaml': text(`  - {name: a, ${pod}, expect: {decision: steer}}`).replace(NOW, 'noon') },
      /now: must be a time such as/,
    ],
    [
      'a file that is not there',
      { 'gridgate-test.yaml': text('  - {name: a, file: a.yaml, expect: {decision: steer}}') },
      /cases\.0 \(a\), file: \S+a\.yaml: cannot be read: there is no such file$/,
    ],
    [
      'an object that is not in the file',
      {
        'gridgate-test.yaml': text('  - {name: a, file: a.yaml, object: Deployment/wbe, expect: {decision: steer}}'),
        'a.yaml': DEPLOYMENT,
      },
      /object: there is no object Deployment\/wbe, did you mean Deployment\/web\?$/,
    ],
    [
      'a file without pods',
      {
        'gridgate-test.yaml': text('  - {name: a, file: a.yaml, expect: {decision: steer}}'),
        'a.yaml': { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' } },
      },
      /file: a\.yaml holds no pod$/,
    ],
    [
      'which of several objects',
      {
        'gridgate-test.yaml': text('  - {name: a, file: a.yaml, expect: {decision: steer}}'),
        'a.yaml': `${JSON.stringify(DEPLOYMENT)}\n---\n${JSON.stringify({ ...DEPLOYMENT, kind: 'StatefulSet' })}\n`,
      },
      /file: a\.yaml holds Deployment\/web, StatefulSet\/web: name one as object$/,
    ],
    [
      'a configuration with a mistake',
      {
        'gridgate-test.yaml': text(`  - {name: a, ${pod}, expect: {decision: steer}}`, 'config: gridgate.yaml\n'),
        'gridgate.yaml': 'polcy: {}\n',
      },
      /gridgate\.yaml, line 1: polcy: no such key, did you mean policy\?$/,
    ],
    [
      'a region file with a mistake',
      {
        'gridgate-test.yaml': text(`  - {name: a, ${pod}, expect: {decision: steer}}`).replace(
          '{eu-north: {gramsPerKwh: 50}}',
          'r.yaml',
        ),
        'r.yaml': 'a: 1\n',
      },
      /r\.yaml, document 1, line 1: /,
    ],
    [
      'aliases that grow',
      {
        'gridgate-test.yaml': `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: [*f,*f,*f,*f,*f,*f,*f,*f,*f]\n`,
      },
      /gridgate-test\.yaml, line \d+: /,
    ],
  ];
  for (const [name, files, says] of rows)
    it(`${name} is told with its place, and nothing runs`, async (t) => {
      const { code, stdout, stderr } = await runFiles(t, files);
      assert.deepEqual([code, stdout], [2, ''], stderr);
      assert.match(stderr.trimEnd(), says);
    });

  it('in one file runs no other', async (t) => {
    const { code, stdout, stderr } = await runFiles(t, {
      'a/gridgate-test.yaml': text(`  - {name: a, ${pod}, expect: {decision: steer}}`),
      'b/gridgate-test.yml': text(''),
    });
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /b\/gridgate-test\.yml/);
  });
});

describe('gridgate test', () => {
  const passing = oneCase({ decision: 'steer' })['gridgate-test.yaml'] ?? '';

  it('finds all files below, once, but those of packages and hidden ones', async (t) => {
    const directory = writeAll(t, {
      'gridgate-test.yaml': passing,
      'deep/er/gridgate-test.yml': passing,
      'node_modules/x/gridgate-test.yaml': 'broken',
      '.cache/gridgate-test.yaml': 'broken',
      'deep/other.yaml': 'broken',
    });
    symlinkSync(directory, join(directory, 'deep/loop'));
    const { code, stdout, stderr } = await runCommand(['test', directory, join(directory, 'gridgate-test.yaml')]);
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /\n2 cases: all passed\n$/);
  });

  it('runs what --filter says; where no name holds it, that is a mistake', async (t) => {
    const cases = ['one', 'another'].map((name) => ({
      name,
      namespace: 'shop',
      pod: POD,
      expect: { decision: 'deny' },
    }));
    const directory = writeAll(t, { 'gridgate-test.yaml': { ...WORLD, cases } });
    assert.match((await runCommand(['test', directory, '--filter', 'ano'])).stdout, /\n1 case: 0 passed, 1 failed\n$/);
    const { code, stderr } = await runCommand(['test', directory, '--filter', 'nobody']);
    assert.deepEqual([code, stderr], [2, 'gridgate: --filter: no case has "nobody" in its name\n']);
  });

  it('asks no source, and no cluster', async (t) => {
    const config = {
      sources: [{ type: 'prometheus', url: 'http://127.0.0.1:1', query: 'a', signal: 'average-lifecycle' }],
    };
    const files = {
      'gridgate-test.yaml': { ...(passing as object), config: 'gridgate.yaml' },
      'gridgate.yaml': config,
    };
    const env = { KUBECONFIG: '/nowhere', KUBERNETES_SERVICE_HOST: '127.0.0.1' };
    const { code, stderr } = await runCommand(['test', writeAll(t, files)], { env });
    assert.deepEqual([code, stderr], [0, '']);
  });

  it('says the same whenever it is run', async (t) => {
    const directory = writeAll(t, oneCase({ decision: 'deny' }));
    const first = await runCommand(['test', directory]);
    t.mock.timers.enable({ apis: ['Date'], now: Date.parse('2031-01-01T00:00:00Z') });
    assert.equal((await runCommand(['test', directory])).stdout, first.stdout);
  });

  it('counts the limits of its configuration', async (t) => {
    const files = {
      'gridgate-test.yaml': {
        ...WORLD,
        config: 'g.yaml',
        cases: [{ name: 'a', namespace: 'shop', pod: POD, expect: { refused: { 'us-west': 'high_carbon' } } }],
      },
      'g.yaml': 'limits: {max-intensity: 100}\n',
    };
    const { code, stdout } = await runFiles(t, files);
    assert.equal(code, 0, stdout);
  });

  it('runs thousands of cases', async (t) => {
    const cases = Array.from({ length: 2_000 }, (_, index) => ({
      name: `case ${index}`,
      namespace: 'shop',
      pod: POD,
      readings: { 'us-west': 100 + (index % 5) },
      expect: { best: 'eu-north' },
    }));
    const directory = makeTemporaryDirectory(t);
    writeFileSync(join(directory, 'gridgate-test.yaml'), JSON.stringify({ ...WORLD, cases }));
    const { code, stdout } = await runCommand(['test', directory]);
    assert.equal(code, 0);
    assert.match(stdout, /\n2000 cases: all passed\n$/);
  });
});

describe('what a case comes to', () => {
  const region = fc.record({
    gramsPerKwh: fc.integer({ min: 1, max: 700 }),
    isDown: fc.boolean(),
  });
  const names = ['eu-north', 'us-west', 'us-east'];
  const worlds = fc.record({
    regions: fc.tuple(region, region, region),
    mode: fc.constantFrom('off', 'audit', 'warn', 'enforce'),
    ceiling: fc.integer({ min: 10, max: 600 }),
    whenAllDirty: fc.constantFrom('cleanest', 'deny'),
    pinned: fc.constantFrom(undefined, ...names),
    isWorkload: fc.boolean(),
  });

  it('is what gridgate admit says of the same pod in the same world', async (t) => {
    const directory = makeTemporaryDirectory(t);
    const at = (name: string) => join(directory, name);
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(worlds, async ({ regions, mode, ceiling, whenAllDirty, pinned, isWorkload }) => {
        const documents = regions.map(({ gramsPerKwh, isDown }, index) =>
          regionYaml(names[index] ?? '', { gramsPerKwh, ...(isDown && { outage: { active: true } }) }),
        );
        const annotations = { mode, 'max-intensity': String(ceiling), 'when-all-dirty': whenAllDirty };
        const nodeSelector = pinned ? { 'topology.kubernetes.io/region': pinned } : {};
        const pod = { spec: { nodeSelector, containers: [{ name: 'c' }] } };
        const object = isWorkload
          ? { ...DEPLOYMENT, spec: { template: pod } }
          : { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'shop' }, ...pod };
        writeDocuments(at('regions.yaml'), documents);
        const namespace = {
          apiVersion: 'v1',
          kind: 'Namespace',
          metadata: { name: 'shop', annotations: prefixed(annotations) },
        };
        writeFileSync(at('namespaces.yaml'), JSON.stringify(namespace));
        writeFileSync(at('pod.yaml'), JSON.stringify(object));
        const cases = [{ name: 'a', file: 'pod.yaml', expect: { decision: 'allow' } }];
        const suite = { now: new Date().toISOString(), regions: 'regions.yaml', cluster: 'namespaces.yaml', cases };
        writeFileSync(at('gridgate-test.yaml'), JSON.stringify(suite));
        const world = ['--regions', at('regions.yaml'), '--namespaces', at('namespaces.yaml')];
        const admitted = JSON.parse((await runCommand(['admit', '-f', at('pod.yaml'), ...world, '-o', 'json'])).stdout);
        const tested = JSON.parse((await runCommand(['test', directory, '-o', 'json', '--verbose'])).stdout).cases[0];
        seen.add(admitted.decision);
        for (const key of ['object', 'namespace', 'mode', 'decision', 'reason', 'allowed', 'warnings', 'steps'])
          assert.deepEqual(tested[key], admitted[key], key);
      }),
      { numRuns: 60 },
    );
    assert.ok(seen.size >= 3, [...seen].join());
  });
});

describe('manifests/gridgate-test.schema.json', () => {
  it('is named by the sample', () =>
    assert.match(
      readFileSync('manifests/samples/policy-test/gridgate-test.yaml', 'utf8'),
      /^# yaml-language-server: \$schema=\.\.\/\.\.\/gridgate-test\.schema\.json\n/,
    ));
});
