import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { outageConfig } from '../../src/config/outage-config.ts';

const PROMETHEUS = { type: 'prometheus', url: 'http://prometheus:9090', query: 'region_down' };
const CONFIGMAP = { type: 'configmap', namespace: 'ops', name: 'outages' };

function issuesOf(sources: unknown): string {
  const { error } = outageConfig.safeParse({ sources });
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n');
}

describe('the outage section', () => {
  const good: readonly [name: string, section: unknown, types: readonly string[]][] = [
    ['left out', undefined, []],
    ['empty', {}, []],
    [
      'with every source at its shortest',
      { sources: [PROMETHEUS, { type: 'aws-health' }, CONFIGMAP, { type: 'nodes' }] },
      ['prometheus', 'aws-health', 'configmap', 'nodes'],
    ],
    [
      'with every option',
      {
        sources: [
          { ...PROMETHEUS, regionLabel: 'cloud_region', token: { file: '/run/secrets/prometheus' } },
          { type: 'aws-health', services: ['EC2', 'AUTO_SCALING'], endpoint: 'http://127.0.0.1:8080' },
        ],
      },
      ['prometheus', 'aws-health'],
    ],
  ];
  for (const [name, section, types] of good)
    it(`${name} is fine`, () => {
      assert.deepEqual(
        outageConfig.parse(section).sources.map(({ type }) => type),
        types,
      );
    });

  const refused: readonly [name: string, source: unknown, says: RegExp][] = [
    ['a source nobody knows', { type: 'manual' }, /0.type: /],
    ['a secret in words', { ...PROMETHEUS, token: 'hunter2' }, /0.token: must be \{file: PATH\}/],
    ['no query', { ...PROMETHEUS, query: '' }, /0.query: /],
    ['a file as URL', { ...PROMETHEUS, url: 'file:///etc/passwd' }, /0.url: must be an http/],
    ['a Kubernetes label', { ...PROMETHEUS, regionLabel: 'topology.kubernetes.io/region' }, /0.regionLabel: must be/],
    ['no services', { type: 'aws-health', services: [] }, /0.services: /],
    ['eleven services', { type: 'aws-health', services: Array(11).fill('EC2') }, /0.services: /],
    ['a service in lower case', { type: 'aws-health', services: ['ec2'] }, /0.services.0: must be a service code/],
    ['credentials for AWS', { type: 'aws-health', accessKeyId: 'x' }, /accessKeyId/],
    ['a ConfigMap without a namespace', { type: 'configmap', name: 'outages' }, /0.namespace: /],
    ['an option of another source', { type: 'nodes', query: 'up' }, /query/],
  ];
  for (const [name, source, says] of refused)
    it(`refuses ${name}`, () => {
      assert.match(issuesOf([source]), says);
    });

  it('refuses a source twice', () => {
    assert.equal(issuesOf([CONFIGMAP, { type: 'nodes' }, CONFIGMAP]), 'sources.2.type: configmap is there twice');
  });

  it('tells all mistakes at once, and never what stands where a secret belongs', () => {
    const issues = issuesOf([{ ...PROMETHEUS, url: 'x', token: 'hunter2' }, { type: 'configmap' }]);
    assert.deepEqual(issues.split('\n').length, 4);
    assert.doesNotMatch(issues, /hunter2/);
  });
});
