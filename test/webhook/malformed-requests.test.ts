import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { ask, send } from './client.ts';
import { toReview } from './reviews.ts';
import { useWebhook } from './start-webhook.ts';

const POD = { metadata: { name: 'web' }, spec: {} };
const GOOD = toReview({ object: POD });
const UID = GOOD.request.uid;
const CAPTURED = readFileSync('test/fixtures/pod-review.json', 'utf8');
const MOST = 20 * 1024 * 1024;

interface Row {
  readonly name: string;
  readonly body: string | Buffer | object;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
  readonly says: RegExp;
  readonly uid?: string;
}

const { uid: _, ...withoutUid } = GOOD.request;
const { object: __, ...withoutObject } = GOOD.request;

function padded(bytes: number): string {
  const json = JSON.stringify(GOOD);
  return json + ' '.repeat(bytes - json.length);
}

const ROWS: readonly Row[] = [
  // What is no review
  { name: 'malformed JSON', body: '{"kind": "AdmissionReview"', status: 400, says: /not JSON/ },
  { name: 'a body that is no text', body: Buffer.from([0xff, 0xfe, 0x00, 0x80]), status: 400, says: /not JSON/ },
  { name: 'a JSON text that is no object', body: '"AdmissionReview"', status: 400, says: /no AdmissionReview/ },
  { name: 'null', body: 'null', status: 400, says: /no AdmissionReview/ },
  { name: 'a list of reviews', body: [GOOD], status: 400, says: /no AdmissionReview/ },
  { name: 'an empty body', body: '', status: 400, says: /empty/ },
  { name: 'a body of blanks', body: ' \n ', status: 400, says: /not JSON/ },
  { name: 'a byte order mark', body: `\u{feff}${JSON.stringify(GOOD)}`, status: 400, says: /not JSON/ },
  { name: 'another kind', body: { ...GOOD, kind: 'TokenReview' }, status: 400, says: /no AdmissionReview/, uid: UID },
  // What is no review of a kind that gridgate speaks
  {
    name: 'a v1beta1 review',
    body: { ...GOOD, apiVersion: 'admission.k8s.io/v1beta1' },
    status: 400,
    says: /admission\.k8s\.io\/v1 only.*v1beta1/,
    uid: UID,
  },
  { name: 'no apiVersion', body: { ...GOOD, apiVersion: undefined }, status: 400, says: /v1 only/, uid: UID },
  {
    name: 'an apiVersion nested 100,000 levels deep',
    body: JSON.stringify({ ...GOOD, apiVersion: 0 }).replace('"apiVersion":0', `"apiVersion":${nested(100_000)}`),
    status: 400,
    says: /v1 only/,
    uid: UID,
  },
  { name: 'no request', body: { ...GOOD, request: undefined }, status: 400, says: /no request/ },
  { name: 'a request that is text', body: { ...GOOD, request: 'x' }, status: 400, says: /no request/ },
  { name: 'no uid', body: { ...GOOD, request: withoutUid }, status: 400, says: /no uid/ },
  { name: 'an empty uid', body: { ...GOOD, request: { ...GOOD.request, uid: '' } }, status: 400, says: /no uid/ },
  { name: 'a uid that is a number', body: { ...GOOD, request: { ...GOOD.request, uid: 7 } }, status: 400, says: /uid/ },
  { name: 'no object', body: { ...GOOD, request: withoutObject }, status: 400, says: /no object/, uid: UID },
  { name: 'a null object, as DELETE has', body: toReview({ object: null }), status: 400, says: /no object/, uid: UID },
  { name: 'an object that is a list', body: toReview({ object: [] }), status: 400, says: /no object/, uid: UID },
  { name: 'a pod without a spec', body: toReview({ object: { metadata: {} } }), status: 400, says: /spec/, uid: UID },
  {
    name: 'a pod whose spec is text',
    body: toReview({ object: { metadata: {}, spec: 'x' } }),
    status: 400,
    says: /spec/,
    uid: UID,
  },
  {
    name: 'a pod whose metadata is null',
    body: toReview({ object: { metadata: null, spec: {} } }),
    status: 400,
    says: /metadata/,
    uid: UID,
  },
  // How it is sent
  { name: 'a body over 20 MiB', body: padded(MOST + 1), status: 413, says: /larger than 20971520 bytes/ },
  {
    name: 'a body that does not say its length',
    body: GOOD,
    headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
    status: 411,
    says: /content-length is required/,
  },
  { name: 'text/plain', body: GOOD, headers: { 'content-type': 'text/plain' }, status: 415, says: /application\/json/ },
  {
    name: 'a form',
    body: 'a=b',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    status: 415,
    says: /application\/json/,
  },
  { name: 'no content type', body: GOOD, headers: {}, status: 415, says: /application\/json/ },
  {
    name: 'a content type that only begins like JSON',
    body: GOOD,
    headers: { 'content-type': 'application/jsonlines' },
    status: 415,
    says: /application\/json/,
  },
  { name: 'GET', body: '', method: 'GET', headers: {}, status: 404, says: /no such endpoint/ },
  { name: 'HEAD', body: '', method: 'HEAD', headers: {}, status: 404, says: /^$/ },
  { name: 'PUT', body: GOOD, method: 'PUT', status: 404, says: /no such endpoint/ },
  { name: 'an unknown path', body: GOOD, path: '/mutate/pods', status: 404, says: /no such endpoint/ },
  { name: 'a path that does not decode', body: GOOD, path: '/%zz', status: 404, says: /no such endpoint/ },
  { name: 'the root', body: '', path: '/', method: 'GET', headers: {}, status: 404, says: /no such endpoint/ },
];

function nested(levels: number): string {
  return '['.repeat(levels) + ']'.repeat(levels);
}

function bodyOf({ body }: Row): string | Buffer {
  return typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
}

describe('a request that cannot be answered gets a clear error, and the next review its answer:', () => {
  const webhook = useWebhook();
  for (const row of ROWS) {
    it(row.name, async () => {
      const { name, path = '/mutate', status, says, uid, body: __, ...options } = row;
      const reply = await send(webhook, path, bodyOf(row), options);
      assert.equal(reply.status, status, reply.body);
      if (row.method === 'HEAD') return;
      assert.match(reply.headers['content-type'] ?? '', /^application\/json/);
      const { error, uid: echoed } = JSON.parse(reply.body);
      assert.match(error, says);
      assert.equal(echoed, uid);
      const { auditAnnotations } = await ask(webhook, '/mutate', { object: POD });
      assert.equal(auditAnnotations['reason'], 'steered');
    });
  }

  it('none of these was counted as a decision', () => {
    assert.deepEqual([...new Set(webhook.counted)], ['/mutate enforce steer steered']);
  });

  for (const path of ['/mutate', '/validate', '/validate-binding', '/namespaces'])
    it(`malformed JSON at ${path}`, async () => {
      const { status, body } = await send(webhook, path, '{');
      assert.deepEqual([status, JSON.parse(body)], [400, { error: 'the body is not JSON' }]);
    });
});

describe('a request is answered', () => {
  const webhook = useWebhook();
  const rows: readonly [name: string, body: string, headers?: Record<string, string>][] = [
    ['as a real API server sends it', CAPTURED],
    ['of exactly 20 MiB', padded(MOST)],
    ['with a charset', JSON.stringify(GOOD), { 'content-type': 'application/json; charset=utf-8' }],
    [
      'after 100-continue',
      JSON.stringify(GOOD),
      {
        'content-type': 'application/json',
        'content-length': String(JSON.stringify(GOOD).length),
        expect: '100-continue',
      },
    ],
  ];
  for (const [name, body, headers] of rows)
    it(name, async () => {
      const reply = await send(webhook, '/mutate?timeout=2s', body, headers ? { headers } : {});
      assert.equal(reply.status, 200, reply.body);
      assert.equal(JSON.parse(reply.body).response.auditAnnotations.reason, 'steered');
    });
});
