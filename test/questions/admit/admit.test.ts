import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { parse, stringify } from 'yaml';
import type { PatchOperation } from '../../../src/decision/patch.ts';
import type { Pod } from '../../../src/decision/pod.ts';
import { makePod, REGION_LABEL } from '../../builders.ts';
import {
  NAMESPACES,
  namespaceYaml,
  regionYaml,
  type WorldFiles,
  writeDocuments,
  writeWorld,
} from '../../commands/world-files.ts';
import { makeTemporaryDirectory } from '../../config/temporary-directory.ts';
import type { Finished } from '../../process/finished.ts';
import { runCommand } from '../../process/run-command.ts';
import { serveWorld } from '../../replica/serving.ts';
import { startElectricityMaps } from '../../sources/fake-electricity-maps.ts';
import { workloadOf } from '../../webhook/reviews.ts';

const PINNED = makePod({ nodeSelector: { [REGION_LABEL]: 'eu-central' } });

/** An object as a file holds it; `group/Kind`, or a kind of the core group. */
function manifest(kind: string, object: Pod | object, name = 'web'): string {
  const [group, short] = kind.includes('/') ? kind.split('/') : ['', kind];
  const { metadata } = object as Pod;
  return stringify({
    apiVersion: group ? `${group}/v1` : 'v1',
    kind: short,
    ...object,
    metadata: { ...metadata, name },
  });
}

function admit(files: WorldFiles, objects: readonly string[], ...args: readonly string[]): Promise<Finished> {
  const path = writeDocuments(join(files.directory, 'pod.yaml'), objects);
  return runCommand(['admit', '-f', path, '--regions', files.regions, '--namespaces', files.namespaces, ...args]);
}

async function admitJson(test: TestContext, objects: readonly string[], ...args: readonly string[]) {
  const { code, stdout, stderr } = await admit(await writeWorld(test), objects, '--output', 'json', ...args);
  assert.equal(stderr, '');
  return { code, data: JSON.parse(stdout) };
}

describe('gridgate admit', { timeout: 300_000, concurrency: 2 }, () => {
  it('explains a pod that somebody wrote without metadata', async (t) => {
    const text = 'apiVersion: v1\nkind: Pod\nspec: {containers: [{name: c}]}\n';
    const { code, stdout, stderr } = await admit(await writeWorld(t), [text], '--namespace', 'shop');
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^\+ {4}gridgate\.dev\/decision: /m);
  });

  it('explains a steered pod step by step, shows the patch as a diff, and exits 0', async (t) => {
    const pod = makePod({ priorityClassName: 'normal' });
    const { code, stdout, stderr } = await admit(await writeWorld(t), [manifest('Pod', pod)], '--namespace', 'shop');
    assert.deepEqual([code, stderr], [0, '']);
    const lines = stdout.split('\n');
    assert.equal(lines[0], 'Pod/web in namespace shop');
    const steps = lines.filter((line) => /^ {2}\d\. /.test(line)).map((line) => line.slice(5, 16).trim());
    assert.deepEqual(steps, ['leave alone', 'treatment', 'reachable', 'refused', 'ranked', 'steering']);
    assert.match(stdout, /refused +eu-central \(340 g\) high_carbon, eu-west \(40 g\) outage/);
    assert.match(stdout, /^=> steer steered: the pod is led to the best of the acceptable regions$/m);
    for (const added of [/^\+ {2}tolerations:$/m, /^\+ +- eu-north$/m, /^\+ {4}gridgate\.dev\/decision: /m])
      assert.match(stdout, added);
    assert.doesNotMatch(stdout, /^-[^-]/m);
  });

  it('says that nothing ranks the regions, where nothing does', async (t) => {
    const files = await writeWorld(t);
    const blind = namespaceYaml('shop', {
      mode: 'enforce',
      regions: 'eu-*',
      'max-intensity': '1000',
      weights: 'carbon=0,cost=1',
    });
    const namespaces = writeDocuments(join(files.directory, 'blind.yaml'), [blind]);
    const { stdout } = await admit({ ...files, namespaces }, [manifest('Pod', makePod())], '--namespace', 'shop');
    assert.match(stdout, /ranked +none: nothing tells which is better of eu-/);
    assert.match(stdout, /^=> steer kept_out: the pod is kept out of the regions that the policy refuses; /m);
    assert.match(stdout, /"reason":"kept_out","best":\[\]/);
  });

  it('tells why a pod is denied, and exits 1', async (t) => {
    const { code, stdout } = await admit(await writeWorld(t), [manifest('Pod', PINNED)], '--namespace', 'shop');
    assert.equal(code, 1);
    assert.match(stdout, /^=> deny high_carbon: gridgate refuses pod web: eu-central is at 340 .*eu-north at 50/m);
    assert.match(stdout, /^patch: none$/m);
  });

  const effects: readonly [namespace: string, code: number, says: RegExp][] = [
    ['reports', 0, /^warning: would be denied: /m],
    ['lab', 0, /^=> deny high_carbon \(audit: not carried out\): /m],
    ['legacy', 0, /^=> allow mode_off: the namespace has not opted in$/m],
  ];
  for (const [namespace, expected, says] of effects)
    it(`knows the mode of ${namespace}`, async (t) => {
      const { code, stdout } = await admit(await writeWorld(t), [manifest('Pod', PINNED)], '--namespace', namespace);
      assert.equal(code, expected);
      assert.match(stdout, says);
    });

  it('says which wish leaves which regions where nodes are given, else that they were not looked at', async (t) => {
    const files = await writeWorld(t);
    const pod = manifest('Pod', makePod({ nodeSelector: { pool: 'gpu' } }));
    const blind = await admit(files, [pod], '--namespace', 'shop');
    assert.match(blind.stdout, /reachable +all 4 regions; nodes were not looked at$/m);
    const nodes = [
      ['gpu', 'eu-central'],
      ['cpu', 'eu-north'],
    ].map(([pool, region]) =>
      stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name: pool, labels: { pool, [REGION_LABEL]: region } } }),
    );
    writeDocuments(files.namespaces, [...NAMESPACES, ...nodes]);
    const { code, stdout } = await admit(files, [pod], '--namespace', 'shop');
    assert.equal(code, 1);
    assert.match(stdout, /reachable +1 of 4: eu-central; wish: node selector pool=gpu leaves eu-central$/m);
    assert.match(stdout, /its node selector pool=gpu leaves only eu-central; cleanest allowed now: eu-north/);
  });

  it('decides in the namespace of the object where none is named', async (t) => {
    const { code, data } = await admitJson(t, [manifest('Pod', PINNED)]);
    assert.deepEqual([code, data.namespace, data.reason], [1, 'shop', 'high_carbon']);
  });

  for (const kind of ['apps/Deployment', 'apps/StatefulSet', 'apps/ReplicaSet', 'batch/Job', 'batch/CronJob'])
    it(`decides about the pods of a ${kind}`, async (t) => {
      const { code, data } = await admitJson(t, [manifest(kind, workloadOf(kind, PINNED))], '--namespace', 'shop');
      assert.deepEqual([code, data.object, data.decision], [1, `${kind.split('/')[1]}/web`, 'deny']);
    });

  it('decides about every object of a file, and exits 1 when one is denied', async (t) => {
    const objects = [manifest('Pod', makePod(), 'free'), manifest('Pod', PINNED, 'pinned')];
    const { code, data } = await admitJson(t, objects, '--namespace', 'shop');
    assert.equal(code, 1);
    assert.deepEqual(
      data.map((one: { object: string; allowed: boolean }) => [one.object, one.allowed]),
      [
        ['Pod/free', true],
        ['Pod/pinned', false],
      ],
    );
  });

  it('says the same in YAML as in JSON, and nothing else on stdout', async (t) => {
    const files = await writeWorld(t);
    const [json, yaml] = await Promise.all(
      ['json', 'yaml'].map((output) =>
        admit(files, [manifest('Pod', PINNED)], '--namespace', 'shop', '--output', output),
      ),
    );
    assert.deepEqual(parse(yaml?.stdout ?? ''), JSON.parse(json?.stdout ?? ''));
    assert.deepEqual(Object.keys(JSON.parse(json?.stdout ?? '')), [
      'object',
      'namespace',
      'mode',
      'decision',
      'reason',
      'allowed',
      'message',
      'warnings',
      'steps',
      'placement',
      'autoscaling',
      'patch',
    ]);
  });

  const mistakes: readonly [name: string, change: (files: WorldFiles) => readonly string[], says: readonly RegExp[]][] =
    [
      ['no file', () => [], [/--filename \(GRIDGATE_FILENAME\): is missing/]],
      [
        'a file that is not there',
        () => ['-f', 'nowhere.yaml'],
        [/nowhere\.yaml: cannot be read: there is no such file/],
      ],
      [
        'a namespace that nobody knows',
        ({ namespaces }) => ['-f', namespaces, '--namespace', 'x'],
        [/Namespace has no pod/, /Namespace has no pod/, /Namespace has no pod/, /Namespace has no pod/],
      ],
      [
        'a pod and a node that no API server would take',
        (files) => {
          const pod = manifest('Pod', makePod({ tolerations: 'all' as never, nodeSelector: [] as never }));
          const node = {
            apiVersion: 'v1',
            kind: 'Node',
            metadata: { name: 'bad' },
            spec: { taints: [{ key: 'a' }, null] },
          };
          writeDocuments(files.namespaces, [...NAMESPACES, stringify(node)]);
          return ['-f', writeDocuments(join(files.directory, 'pod.yaml'), [pod]), '--namespace', 'shop'];
        },
        [
          /document 5, line 29: Node: spec\.taints\.0\.effect: must be given, as text/,
          /document 5, line 29: Node: spec\.taints\.1: must be of type object, not null/,
          /pod\.yaml, document 1: Pod\/web: spec\.nodeSelector: must be of type object, not array/,
          /pod\.yaml, document 1: Pod\/web: spec\.tolerations: must be of type array, not string/,
        ],
      ],
      [
        'an output that does not exist',
        () => ['-f', 'x', '--output', 'xml'],
        [/--output: "xml" is not allowed; give one of table, json, yaml/],
      ],
    ];
  for (const [name, change, says] of mistakes)
    it(`with ${name} exits 2`, async (t) => {
      const files = await writeWorld(t);
      const given = ['--regions', files.regions, '--namespaces', files.namespaces, ...change(files)];
      const { code, stdout, complaints } = await runCommand(['admit', ...given]);
      assert.deepEqual([code, stdout], [2, '']);
      assert.equal(complaints.length, says.length, complaints.join('\n'));
      for (const [i, pattern] of says.entries()) assert.match(complaints[i] ?? '', pattern);
    });

  it('counts what gridgate.yaml says: defaults, limits (told where a namespace asks for more), bands and sources', async (t) => {
    const files = await writeWorld(t);
    const { baseUrl, asked } = await startElectricityMaps(t);
    const config = join(files.directory, 'gridgate.yaml');
    const sources = [{ type: 'electricity-maps', token: { env: 'TOKEN' }, url: baseUrl }];
    const [policy, limits] = [{ mode: 'enforce' }, { 'max-intensity': 410 }];
    writeFileSync(config, stringify({ sources, policy, limits, bands: { mode: 'relative' } }));
    writeDocuments(files.regions, [regionYaml('eu-central-1', {})]);
    writeDocuments(files.namespaces, [namespaceYaml('plain'), namespaceYaml('greedy', { 'max-intensity': '600' })]);
    const path = writeDocuments(join(files.directory, 'pod.yaml'), [manifest('Pod', makePod())]);
    const given = ['-f', path, '--regions', files.regions, '--namespaces', files.namespaces, '--config', config];
    const settings = { env: { TOKEN: 's3cret' } };
    for (const [namespace, ceiling, says] of [
      ['plain', 300, /^$/],
      ['greedy', 410, /^gridgate: namespace greedy: gridgate\.dev\/max-intensity: "600" is not .*410/],
    ] as const) {
      const { stdout, stderr } = await runCommand(['admit', ...given, '--namespace', namespace], settings);
      assert.match(stdout, new RegExp(`mode enforce, class standard, ceiling ${ceiling} `));
      assert.match(stdout, /cleanest: eu-central-1 at 412 gCO2e\/kWh \(electricity-maps/);
      assert.match(stderr, says);
    }
    assert.ok(asked.some((one) => one.path.endsWith('/history')));
    writeFileSync(config, 'colour: blue\n');
    const { code, complaints } = await runCommand(['admit', ...given, '--namespace', 'gone'], settings);
    assert.equal(code, 2);
    assert.equal(complaints.length, 2, complaints.join('\n'));
    assert.match(complaints.join(), /gridgate\.yaml, line 1: colour/);
  });

  it('refuses what the API server would, and never ends in a stack', async (test) => {
    const { regions, namespaces, directory } = await writeWorld(test);
    const file = join(directory, 'odd.yaml');
    const pod = (spec: string) => `apiVersion: v1\nkind: Pod\nmetadata: {name: odd, namespace: shop}\nspec: ${spec}\n`;
    const specs = [
      '{tolerations: {}}',
      '{nodeSelector: {a: 1}}',
      '{containers: [{resources: {requests: {cpu: "-1"}}}]}',
    ];
    writeFileSync(file, specs.map(pod).join('---\n'));
    const { code, stderr } = await runCommand(['admit', '-f', file, '--regions', regions, '--namespaces', namespaces]);
    assert.equal(code, 2);
    assert.deepEqual(
      stderr
        .split('\n')
        .filter(Boolean)
        .map((line) => line.replace(/^.*document /, '')),
      [
        '1: Pod/odd: spec.tolerations: must be of type array, not object',
        '2: Pod/odd: spec.nodeSelector.a: must be text; write the number in quotes',
        '3: Pod/odd: spec.containers.0.resources.requests.cpu: "-1" must not be negative',
      ],
    );
  });

  it('lists every mistake of all its files', async (t) => {
    const files = await writeWorld(t);
    writeFileSync(files.regions, 'kind: Region\n');
    writeDocuments(files.namespaces, [namespaceYaml('shop', { mode: 'x' })]);
    const { code, complaints } = await admit(
      files,
      [manifest('Pod', makePod()), manifest('ConfigMap', {})],
      '--namespace',
      'gone',
    );
    assert.equal(code, 2);
    for (const pattern of [
      /R\.yaml/,
      /"x" is not one of/,
      /pod\.yaml, document 2: ConfigMap has no pod/,
      /no namespace gone/,
    ])
      assert.ok(
        complaints.some((line) => pattern.test(line)),
        `${pattern}\n${complaints.join('\n')}`,
      );
  });
});

describe('gridgate admit decides as the webhook does about', { timeout: 300_000 }, () => {
  const pods: Readonly<Record<string, Pod>> = {
    'a plain pod': makePod(),
    'a pinned pod': PINNED,
    'a pod in outage': makePod({ nodeSelector: { [REGION_LABEL]: 'eu-west' } }),
    'a flexible pod with mistakes': makePod({ annotations: { class: 'flexible', clas: 'x' } }),
    'a pod beyond all regions': makePod({ nodeSelector: { [REGION_LABEL]: 'mars' } }),
  };

  /** Readings age and snapshots differ between two processes. */
  function masked(patch: readonly PatchOperation[] = []): unknown {
    return JSON.parse(JSON.stringify(patch).replaceAll(/\\"at\\":\\"[^"]*\\"/g, ''));
  }

  const configurations: readonly [name: string, text: string][] = [
    ['', '{}\n'],
    [
      'defaults and limits of a configuration',
      'policy: {mode: enforce}\nlimits: {max-intensity: 45, regions: ["eu-*"]}\n',
    ],
  ];
  for (const [configured, text] of configurations)
    it([...Object.keys(pods), configured].join(', '), async (t) => {
      const config = join(makeTemporaryDirectory(t), 'gridgate.yaml');
      writeFileSync(config, text);
      const { files, mutate } = await serveWorld(t, ['--config', config]);
      const named = Object.values(pods).map((pod, i) => ({ ...pod, metadata: { ...pod.metadata, name: `web-${i}` } }));
      for (const namespace of ['shop', 'reports', 'lab', 'legacy']) {
        const objects = named.map((pod, i) => manifest('Pod', pod, `web-${i}`));
        const { stdout } = await admit(
          files,
          objects,
          '--namespace',
          namespace,
          '--output',
          'json',
          '--config',
          config,
        );
        const explained = JSON.parse(stdout);
        for (const [i, object] of named.entries()) {
          const { allowed, patch, warnings = [], status, auditAnnotations } = await mutate({ object, namespace });
          const { decision, would = decision, reason } = auditAnnotations;
          const said = explained[i];
          assert.deepEqual(
            { allowed, decision: would, reason, warnings, message: status?.message, patch: masked(patch) },
            {
              allowed: said.allowed,
              decision: said.decision,
              reason: said.reason,
              warnings: said.warnings,
              message: said.allowed ? undefined : said.message,
              patch: masked(said.patch),
            },
            `${Object.keys(pods)[i]} in ${namespace}`,
          );
        }
      }
    });
});
