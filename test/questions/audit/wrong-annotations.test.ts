import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { AuditReport } from '../../../src/questions/audit/audited-workload.ts';
import { policyReportsOf } from '../../../src/questions/audit/policy-report.ts';
import { namespaceYaml, REGIONS, writeDocuments } from '../../commands/world-files.ts';
import { makeTemporaryDirectory } from '../../config/temporary-directory.ts';
import { runCommand } from '../../process/run-command.ts';
import { makeAudited, makeReport } from './reports.ts';

interface Written {
  readonly kind?: string;
  readonly own?: string;
  readonly labels?: string;
  readonly template?: string;
  readonly templateLabels?: string;
}

function deployment(name: string, { kind = 'Deployment', own, labels, template, templateLabels }: Written): string {
  const meta = (annotations = '', named = '') => `annotations: {${annotations}}, labels: {${named}}`;
  return `apiVersion: apps/v1
kind: ${kind}
metadata: {name: ${name}, namespace: shop, ${meta(own, labels)}}
spec: {template: {metadata: {${meta(template, templateLabels)}}, spec: {containers: [{name: c}]}}}
`;
}

const SHOP = namespaceYaml('shop', { mode: 'enforce' });

async function audit(test: TestContext, documents: readonly string[], ...args: string[]) {
  const directory = makeTemporaryDirectory(test);
  const input = join(directory, 'a.yaml');
  writeFileSync(input, documents.join('---\n'));
  const regions = writeDocuments(join(directory, 'regions.yaml'), REGIONS);
  const all = args.map((arg) => arg.replace('DIR', directory));
  return { ...(await runCommand(['audit', '-f', input, '--regions', regions, ...all])), directory };
}

async function auditJson(test: TestContext, documents: readonly string[]) {
  const { code, stdout } = await audit(test, documents, '--output', 'json');
  return { code, report: JSON.parse(stdout) as AuditReport };
}

const CRITICL =
  'gridgate.dev/class: "criticl" is not one of critical, standard, flexible; ignored, did you mean critical?';

describe('what is annotated wrongly on a workload of a file', () => {
  const rows: readonly [name: string, written: Written, wrong: readonly string[]][] = [
    ['nothing', { template: 'gridgate.dev/class: flexible', own: 'team: a' }, []],
    ['a value that is misspelt', { template: 'gridgate.dev/class: criticl' }, [CRITICL]],
    [
      'a key that is misspelt',
      { template: 'gridgate.dev/clas: flexible' },
      ['gridgate.dev/clas: no such pod annotation, did you mean gridgate.dev/class?'],
    ],
    [
      'on the Deployment itself',
      { own: 'gridgate.dev/class: flexible' },
      [
        'gridgate.dev/class: has no effect on the Deployment itself; write it to its pod template, spec.template.metadata.annotations',
      ],
    ],
    [
      'as a label of the pod template',
      { templateLabels: 'gridgate.dev/class: flexible' },
      ['pod template: gridgate.dev/class: is a label here, which has no effect; write it as an annotation'],
    ],
    ['on a DaemonSet, where it means nothing', { kind: 'DaemonSet', template: 'gridgate.dev/class: criticl' }, []],
  ];
  for (const [name, written, wrong] of rows)
    it(name, async (test) => {
      const { code, report } = await auditJson(test, [deployment('web', written), SHOP]);
      const [web] = report.workloads;
      assert.deepEqual([code, web?.wrongAnnotations], [wrong.length > 0 ? 1 : 0, wrong]);
      assert.equal(report.totals.wrongAnnotation, wrong.length);
      if (wrong.length > 0) {
        assert.equal(web?.reason, 'wrong_annotation');
        assert.equal(web?.message, `wrong_annotation: ${wrong.join()}`);
      }
    });

  it('is no finding where the namespace is off', async (test) => {
    const web = deployment('web', { template: 'gridgate.dev/class: criticl' });
    const { code, report } = await auditJson(test, [
      web,
      namespaceYaml('shop', { mode: 'off' }).replace(/: off$/m, ': "off"'),
    ]);
    assert.deepEqual([code, report.workloads[0]?.wrongAnnotations], [0, [CRITICL]]);
  });

  it('is told beside a denial', async (test) => {
    const web = deployment('web', { template: 'gridgate.dev/class: criticl, gridgate.dev/region: eu-central' });
    const { report } = await auditJson(test, [web, SHOP]);
    const [found] = report.workloads;
    assert.deepEqual([found?.decision, found?.reason], ['deny', 'high_carbon']);
    assert.match(found?.message ?? '', /\[high_carbon\]; wrong_annotation: gridgate.dev\/class: "criticl"/);
  });

  it('is not what a ReplicaSet has from its Deployment', async (test) => {
    const owner = 'ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, controller: true}]';
    const made = deployment('web-5f7c', { kind: 'ReplicaSet', own: 'gridgate.dev/class: flexible' });
    const { code } = await auditJson(test, [made.replace('namespace: shop', `namespace: shop, ${owner}`), SHOP]);
    assert.equal(code, 0);
  });
});

describe('what is annotated wrongly on a Namespace of a file', () => {
  const namespace = (metadata: string) => `apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, ${metadata}}\n`;
  const rows: readonly [name: string, document: string, mistakes: readonly string[]][] = [
    ['nothing', SHOP, []],
    [
      'values and keys',
      namespaceYaml('shop', { mode: 'enfroce', 'max-intesity': '300' }),
      [
        'gridgate.dev/mode: "enfroce" is not one of off, audit, warn, enforce',
        'gridgate.dev/max-intesity: no such annotation, did you mean gridgate.dev/max-intensity?',
      ],
    ],
    [
      'the mode as a label',
      namespace('labels: {gridgate.dev/mode: enforce}'),
      ['gridgate.dev/mode: is a label here, which has no effect; write it as an annotation'],
    ],
    [
      'regions that nobody knows',
      namespaceYaml('shop', { regions: 'eu-nroth', 'home-region': 'mars' }),
      [
        'gridgate.dev/regions: no region that is known here matches "eu-nroth"; did you mean eu-north?',
        'gridgate.dev/home-region: no region that is known here is called "mars"',
      ],
    ],
  ];
  for (const [name, document, mistakes] of rows)
    it(`${name}, with workloads or without`, async (test) => {
      for (const others of [[], [deployment('web', {})]]) {
        const { code, report } = await auditJson(test, [document, ...others]);
        assert.equal(code, mistakes.length > 0 ? 1 : 0);
        const found = report.wrongNamespaces.map(({ namespace, place, mistakes: told }) => [
          namespace,
          place?.line,
          told.map((mistake) => mistake.replace(/ \(known: .*/, '')),
        ]);
        assert.deepEqual(found, mistakes.length > 0 ? [['shop', 1, mistakes]] : []);
      }
    });
});

describe('what is annotated wrongly is told, with exit code 1, in', () => {
  const FILES = [
    deployment('web', { template: 'gridgate.dev/class: criticl' }),
    namespaceYaml('shop', { mode: 'enforce' }),
    namespaceYaml('lab', { mode: 'audti' }),
  ];
  const OUTPUTS: Readonly<Record<string, readonly RegExp[]>> = {
    table: [
      /Annotated wrongly \(wrong_annotation\):\n {2}shop deploy\/web \(.*a\.yaml:1\): wrong_annotation:\s+gridgate.dev\/class: "criticl"/,
      /Namespaces annotated wrongly \(wrong_annotation\):\n {2}lab \(.*a\.yaml:\d+\): gridgate.dev\/mode:\s+"audti"/,
    ],
    json: [/"reason": "wrong_annotation"/, /"wrongNamespaces": \[\s*\{\s*"namespace": "lab"/],
    yaml: [/reason: wrong_annotation/, /wrongNamespaces:\n +- namespace: lab/],
    sarif: [
      /"ruleId": "wrong_annotation",\s*"ruleIndex": 0,\s*"level": "error",[^}]*Deployment web in namespace shop: [^}]*criticl/,
      /"ruleId": "wrong_annotation",\s*"ruleIndex": 0,\s*"level": "error",[^}]*Namespace lab: [^}]*audti/,
    ],
    junit: [
      /<testsuites [^>]*tests="2" failures="2" errors="0"/,
      /<failure type="wrong_annotation" message="wrong_annotation: gridgate.dev\/class/,
      /<testcase classname="Namespace" name="lab" [^>]*>\s*<failure type="wrong_annotation" message="gridgate.dev\/mode/,
    ],
  };
  for (const [output, expected] of Object.entries(OUTPUTS))
    it(`${output}, and on the page`, async (test) => {
      const { code, stdout, directory } = await audit(test, FILES, '--output', output, '--html', 'DIR/page.html');
      assert.equal(code, 1);
      for (const pattern of expected) assert.match(stdout, pattern);
      const page = readFileSync(join(directory, 'page.html'), 'utf8');
      assert.match(page, /wrong_annotation<\/span><details class="why"><summary>wrong_annotation: gridgate.dev\/class/);
      assert.match(page, /Namespaces annotated wrongly<\/h2>\s*<ul><li><b>lab<\/b>[^<]*gridgate.dev\/mode/);
    });

  it('policy reports', () => {
    const web = makeAudited({ reason: 'wrong_annotation', wrongAnnotations: [CRITICL], message: CRITICL });
    const wrongNamespaces = [{ namespace: 'shop', place: null, mistakes: ['gridgate.dev/mode: no'] }];
    const [report] = [...policyReportsOf(makeReport([web], { wrongNamespaces }))];
    assert.equal(report?.summary.fail, 2);
    assert.deepEqual(
      report?.results.map(({ rule, result, message, resources }) => [rule, result, message, resources[0].kind]),
      [
        ['wrong_annotation', 'fail', 'gridgate.dev/mode: no', 'Namespace'],
        ['wrong_annotation', 'fail', CRITICL, 'Deployment'],
      ],
    );
  });
});

describe('where nobody says which regions there are', () => {
  const inNamespace = (home: string) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'shop', annotations: { 'gridgate.dev/mode': 'enforce', 'gridgate.dev/home-region': home } },
  });
  for (const [home, code] of [
    ['dc-berlin-1', 0],
    ['eu-nort-1', 1],
  ] as const)
    it(`a home-region ${home} is ${code === 0 ? "somebody's own" : 'a typing mistake'}`, async () => {
      const finished = await runCommand(['audit', '-f', '-'], { input: JSON.stringify(inNamespace(home)) });
      assert.equal(finished.code, code, finished.stdout + finished.stderr);
    });
});
