import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HOSTNAME_LABEL, REGION_LABEL, region, requires, term } from '../builders.ts';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import type { AuditEvent } from '../control-plane/audit.ts';
import { pod } from '../e2e/objects.ts';
import { type Attempt, accountFor, type Fate, summarise } from './pod-accounts.ts';

const NODES = ['eu', 'us'].map((name) => ({ name, labels: { [REGION_LABEL]: name, [HOSTNAME_LABEL]: name } }));
const DECIDED = { 'gridgate.dev/decision': '{}' };
const CREATED = { status: 201, message: '' };
const OPEN = { 'failed-open.mutation.webhook.admission.k8s.io/round_0_index_0': 'pods.gridgate.dev' };
const OTHERS_OPEN = { 'failed-open.mutation.webhook.admission.k8s.io/round_0_index_0': 'pods.example.com' };
const DENIED = 'admission webhook "pods.gridgate.dev" denied the request: no';

interface Row {
  readonly fate: Fate;
  readonly wanted?: Attempt['wanted'];
  readonly answer?: Attempt['answer'];
  /** As it is stored, beside what its author wrote; absent: it is not there. */
  readonly stored?: { readonly spec?: object; readonly annotations?: object };
  /** Of its creation in the audit log; absent: there is no event. */
  readonly audit?: Readonly<Record<string, string>>;
}

const IN_EU = requires(term(region('In', 'eu')));
const ROWS: Readonly<Record<string, Row>> = {
  'bound to where it may be': { fate: 'steered', answer: CREATED, stored: { spec: IN_EU, annotations: DECIDED } },
  'bound, though no answer came': { fate: 'steered', stored: { spec: IN_EU, annotations: DECIDED } },
  'that may run where it must not': { fate: 'against policy', answer: CREATED, stored: { annotations: DECIDED } },
  'that runs where it must not': {
    fate: 'against policy',
    answer: CREATED,
    stored: { spec: { ...IN_EU, nodeName: 'us' }, annotations: DECIDED },
  },
  'let in that policy refuses': {
    fate: 'against policy',
    wanted: 'a refusal',
    answer: CREATED,
    stored: { spec: IN_EU, annotations: DECIDED },
  },
  'refused as it should be': { fate: 'refused', wanted: 'a refusal', answer: { status: 403, message: DENIED } },
  'refused that policy lets in': { fate: 'against policy', answer: { status: 403, message: DENIED } },
  'let through, as the API server says': { fate: 'passed', answer: CREATED, stored: {}, audit: OPEN },
  'past another webhook that was away': { fate: 'unexplained', answer: CREATED, stored: {}, audit: OTHERS_OPEN },
  'unsteered, and nobody says why': { fate: 'unexplained', answer: CREATED, stored: {}, audit: {} },
  'made while the API server ended': { fate: 'passed', stored: {} },
  'of which nobody heard': { fate: 'not made' },
  'refused by the API server': { fate: 'not made', answer: { status: 504, message: 'etcdserver: request timed out' } },
  'broken by a patch': {
    fate: 'broken',
    answer: { status: 500, message: 'Internal error occurred: add operation does not apply: jsonpatch' },
  },
  'that lost what its author wrote': {
    fate: 'broken',
    answer: CREATED,
    stored: { spec: { containers: [{ name: 'main', image: 'evil' }] }, annotations: DECIDED },
  },
  'that was made and is gone': { fate: 'unexplained', answer: CREATED },
};

function accountOf({ wanted = 'a place', answer, stored, audit }: Row) {
  const written = pod('web', {}, { class: 'flexible' });
  const attempt: Attempt = { pod: written, wanted, ...(answer && { answer }) };
  const { metadata, spec } = written;
  const annotations = { ...metadata.annotations, ...stored?.annotations };
  const there: Rendered = { ...written, metadata: { ...metadata, annotations }, spec: { ...spec, ...stored?.spec } };
  const event = {
    verb: 'create',
    user: { username: 'admin' },
    objectRef: { resource: 'pods', name: 'web' },
    annotations: audit ?? {},
  } satisfies AuditEvent;
  return accountFor({
    attempts: [attempt],
    pods: stored ? [there] : [],
    audit: audit ? [event] : [],
    nodes: NODES,
    isAllowed: (name) => name === 'eu',
  });
}

describe('a pod', () => {
  for (const [name, row] of Object.entries(ROWS))
    it(`${name}: ${row.fate}`, () => {
      const [account] = accountOf(row);
      assert.equal(account?.fate, row.fate, account?.cause);
    });

  it('is summed up with others, each with its cause', () => {
    const all = [ROWS['bound to where it may be'], ROWS['let through, as the API server says']].flatMap((row) =>
      row ? accountOf(row) : [],
    );
    assert.equal(summarise(all), 'steered 1, passed 1 (failed open 1)');
  });
});
