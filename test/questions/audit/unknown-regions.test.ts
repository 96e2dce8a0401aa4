import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../../src/decision/pod.ts';
import { describeUnknown, unknownRegionsOf } from '../../../src/questions/audit/unknown-regions.ts';

const NAMES = ['eu-north-1', 'us-east-1'];
const KNOWN = { isKnown: (name: string) => NAMES.includes(name), names: NAMES };
const LABEL = 'example.com/region';
const STANDARD = 'topology.kubernetes.io/region';
/** As envsubst knows it. */
const SHELL = ['$', '{REGION}'].join('');
const ZONE = 'topology.kubernetes.io/zone';

function selecting(nodeSelector: Record<string, string>): Pod {
  return { spec: { nodeSelector } };
}

function requiring(key: string, operator: string, ...values: string[]): Pod {
  const nodeSelectorTerms = [{ matchExpressions: [{ key, operator, values }] }];
  return {
    spec: { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } } },
  };
}

function preferring(key: string, ...values: string[]): Pod {
  const preference = { matchExpressions: [{ key, operator: 'In', values }] };
  return {
    spec: {
      affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference }] } },
    },
  };
}

function annotated(key: string, value: string): Pod {
  return { metadata: { annotations: { [key]: value } } };
}

const ROWS: Readonly<Record<string, { readonly pod: Pod; readonly unknown: readonly string[] }>> = {
  'a known one': { pod: selecting({ [STANDARD]: 'eu-north-1' }), unknown: [] },
  'an unknown one': { pod: selecting({ [STANDARD]: 'eu-nroth-1' }), unknown: ['eu-nroth-1'] },
  'by the label that the cluster uses': { pod: selecting({ [LABEL]: 'mars' }), unknown: ['mars'] },
  'by the old label': { pod: selecting({ 'failure-domain.beta.kubernetes.io/region': 'mars' }), unknown: ['mars'] },
  'none behind the label': { pod: selecting({ [STANDARD]: '' }), unknown: [''] },
  'a placeholder within a glob': { pod: annotated('gridgate.dev/regions', `eu-*,${SHELL}-*`), unknown: [`${SHELL}-*`] },
  'by another label': { pod: selecting({ rack: 'mars' }), unknown: [] },
  'a placeholder of helm': {
    pod: selecting({ [STANDARD]: '{{ .Values.region }}' }),
    unknown: ['{{ .Values.region }}'],
  },
  'a placeholder of envsubst': { pod: selecting({ [STANDARD]: SHELL }), unknown: [SHELL] },
  'a placeholder of Kubernetes': { pod: requiring(STANDARD, 'In', '$(REGION)'), unknown: ['$(REGION)'] },
  'one of several that are required': { pod: requiring(LABEL, 'In', 'eu-north-1', 'mars', 'mars'), unknown: ['mars'] },
  'one that is preferred': { pod: preferring(LABEL, 'mars'), unknown: ['mars'] },
  'one to keep away from': { pod: requiring(LABEL, 'NotIn', 'mars'), unknown: [] },
  'a placeholder to keep away from': { pod: requiring(LABEL, 'NotIn', SHELL), unknown: [SHELL] },
  'an annotation': { pod: annotated('gridgate.dev/region', 'mars'), unknown: ['mars'] },
  'the annotation of another': { pod: annotated('cloud.google.com/region', 'mars'), unknown: ['mars'] },
  'a list in an annotation': {
    pod: annotated('gridgate.dev/regions', `eu-*, !mars, venus ,!${SHELL}`),
    unknown: ['venus', SHELL],
  },
  'an unknown zone': { pod: selecting({ [ZONE]: 'mars-a' }), unknown: [] },
  'a zone that nobody rendered': { pod: selecting({ [ZONE]: '{{ .zone }}' }), unknown: ['{{ .zone }}'] },
};

describe('names of regions that nobody knows', () => {
  for (const [name, { pod, unknown }] of Object.entries(ROWS))
    it(name, () => assert.deepEqual(unknownRegionsOf(pod, LABEL, KNOWN), unknown));

  it('are told with what was probably meant, placeholders as such', () =>
    assert.equal(
      describeUnknown(['eu-nroth-1', '{{ .r }}', 'mars'], KNOWN),
      'unknown_region: it asks for "eu-nroth-1", a region that nobody knows (did you mean eu-north-1?), and for "{{ .r }}", a placeholder that nobody rendered, and for "mars", a region that nobody knows',
    ));
});
