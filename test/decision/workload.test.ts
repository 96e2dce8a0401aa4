import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { podOfTemplate, podOfWorkload } from '../../src/decision/workload.ts';

const SPEC = { containers: [{ name: 'c', image: 'i' }], nodeSelector: { a: 'b' } };
const TEMPLATE = { metadata: { labels: { a: 'b' } }, spec: SPEC };
const POD = { metadata: { labels: { a: 'b' }, generateName: 'web-' }, spec: SPEC };

function objectWith(spec: object): Record<string, unknown> {
  return { metadata: { name: 'web' }, spec };
}

describe('the pod of a workload', () => {
  it('is that of a ReplicationController as of other owners', () => {
    assert.deepEqual(podOfWorkload('', 'ReplicationController', objectWith({ template: TEMPLATE })), POD);
    assert.equal(podOfWorkload('example.com', 'ReplicationController', objectWith({ template: TEMPLATE })), undefined);
  });

  const CARRIERS: Readonly<Record<string, object>> = {
    'a Rollout, a CloneSet, a Service of Knative': { template: TEMPLATE },
    'an AdvancedCronJob': { jobTemplate: { spec: { template: TEMPLATE } } },
    'a ScaledJob': { jobTargetRef: { template: TEMPLATE } },
  };
  for (const [name, spec] of Object.entries(CARRIERS))
    it(`is found in ${name}`, () => assert.deepEqual(podOfTemplate(objectWith(spec)), POD));

  const OTHERS: Readonly<Record<string, object>> = {
    'a template of a machine': { template: { spec: { version: 'v1.33.0' } } },
    'a template of a secret': { template: { metadata: {}, data: {} } },
    'a template without containers': { template: { spec: { containers: [] } } },
    'no template': { replicas: 3 },
  };
  for (const [name, spec] of Object.entries(OTHERS))
    it(`is not looked for in ${name}`, () => assert.equal(podOfTemplate(objectWith(spec)), undefined));
});
