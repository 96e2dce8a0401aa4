import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { generate } from 'selfsigned';
import { createAuthority, type Issued, issueLeaf, serviceNames, validFor } from '../../src/certs/authority.ts';
import { createServedCertificate } from '../../src/certs/served-certificate.ts';
import { verifies } from '../../src/certs/trust.ts';
import { serve, shakeHands } from './tls.ts';

const DAY_MS = 86_400_000;
const NOW = Date.now();
const NAMES = serviceNames('gridgate', 'gridgate-system');
const NAME = 'gridgate.gridgate-system.svc';
const KEYS = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256', notBeforeDate: new Date(NOW - DAY_MS) } as const;

let first: Issued;
let second: Issued;
let leaf: Issued;

before(async () => {
  first = await createAuthority(validFor(365 * DAY_MS, NOW));
  second = await createAuthority(validFor(365 * DAY_MS, NOW));
  leaf = await issueLeaf(first, { names: NAMES, ...validFor(90 * DAY_MS, NOW) });
});

describe('a caBundle', () => {
  interface Row {
    readonly bundle: () => string | Promise<string>;
    readonly chain?: () => string | Promise<string>;
    readonly name?: string;
    readonly at?: number;
    /** Undefined where the bundle verifies what is served. */
    readonly reason: RegExp | undefined;
  }
  const rows: Record<string, Row> = {
    'with the issuer': { bundle: () => first.cert, reason: undefined },
    'with old and new': { bundle: () => second.cert + first.cert, reason: undefined },
    'with text around the issuer': { bundle: () => `# ours\n${first.cert}\n`, reason: undefined },
    'with another': { bundle: () => second.cert, reason: /^no certificate of the caBundle has issued the served one$/ },
    'that is empty': { bundle: () => '', reason: /^the caBundle holds no certificate$/ },
    'that is garbage': { bundle: () => 'Cg==', reason: /^the caBundle holds no certificate$/ },
    'and nothing served': { bundle: () => first.cert, chain: () => '', reason: /^what is served is no certificate$/ },
    'for a short name of the Service': {
      bundle: () => first.cert,
      name: 'gridgate.gridgate-system',
      reason: undefined,
    },
    'for a name the certificate lacks': {
      bundle: () => first.cert,
      name: 'other.gridgate-system.svc',
      reason: /^the served certificate is not for other\.gridgate-system\.svc$/,
    },
    'when the certificate has expired': {
      bundle: () => first.cert,
      at: NOW + 91 * DAY_MS,
      reason: /^the served certificate expired on 20/,
    },
    'when the certificate is not valid yet': {
      bundle: () => first.cert,
      at: NOW - DAY_MS,
      reason: /^the served certificate is not valid before 20/,
    },
    'when the issuer has expired': {
      async bundle() {
        return (await shortIssuer).cert;
      },
      async chain() {
        return (await issueLeaf(await shortIssuer, { names: NAMES, ...validFor(90 * DAY_MS, NOW) })).cert;
      },
      at: NOW + 2 * DAY_MS,
      reason: /^the issuer in the caBundle expired on 20/,
    },
    'with the certificate itself, self-signed': {
      bundle: async () => (await selfSigned).cert,
      chain: async () => (await selfSigned).cert,
      reason: undefined,
    },
    'with the root of a chain': {
      bundle: async () => (await chain).root,
      chain: async () => (await chain).leaf + (await chain).intermediate,
      reason: undefined,
    },
    'with the root of a chain that lacks its middle': {
      bundle: async () => (await chain).root,
      chain: async () => (await chain).leaf,
      reason: /^no certificate of the caBundle has issued the served one$/,
    },
  };
  const shortIssuer = createAuthority(validFor(DAY_MS, NOW));
  const selfSigned = generateServer();
  const chain = issueChain();
  for (const [name, { bundle, chain: texts = () => leaf.cert, name: host = NAME, at = NOW, reason }] of Object.entries(
    rows,
  )) {
    it(`${reason ? 'does not verify' : 'verifies'}: ${name}`, async () => {
      const answer = verifies(await bundle(), await texts(), host, at);
      if (reason) assert.match(answer ?? '', reason);
      else assert.equal(answer, undefined);
    });
  }
});

describe('the served certificate', () => {
  function create() {
    const changes: string[] = [];
    const errors: string[] = [];
    const served = createServedCertificate({
      origin: 'Secret gridgate-system/gridgate-tls',
      dnsName: NAME,
      clock: () => NOW,
      onChange: ({ cert }) => void changes.push(cert),
      onError: ({ code, message }) => void errors.push(`${code}: ${message}`),
    });
    return { served, changes, errors };
  }

  it('is awaited, and comes with the first pair that fits together', async () => {
    const { served, errors } = create();
    const first = served.first();
    served.offer(undefined);
    served.offer({ cert: '', key: '' });
    assert.equal(served.current(), undefined);
    served.offer({ cert: leaf.cert, key: leaf.key });
    assert.equal((await first).cert, leaf.cert);
    assert.deepEqual(errors, [
      'cert_malformed: tls.crt of Secret gridgate-system/gridgate-tls is not a PEM certificate',
    ]);
  });

  it('is no longer awaited after a signal', async () => {
    const stopping = new AbortController();
    const awaited = create().served.first(stopping.signal);
    stopping.abort(new Error('shutting down'));
    await assert.rejects(awaited, { message: 'shutting down' });
  });

  it('stays when the Secret is deleted or damaged, and each damage is told once', () => {
    const { served, changes, errors } = create();
    served.offer(leaf);
    for (const texts of [undefined, { ...leaf, key: second.key }, { ...leaf, key: second.key }, leaf]) {
      served.offer(texts);
      assert.equal(served.current()?.cert, leaf.cert);
    }
    assert.deepEqual(changes, [leaf.cert]);
    assert.equal(errors.length, 1);
    assert.match(errors[0] ?? '', /^key_mismatch/);
  });

  it('is ready when every bundle in the cluster verifies it', () => {
    const { served } = create();
    const good = { owner: 'MutatingWebhookConfiguration gridgate, a', caBundle: first.cert };
    const bad = { owner: 'ValidatingWebhookConfiguration gridgate, b', caBundle: '' };
    assert.deepEqual(served.unready([good]), [
      'no certificate to serve yet: waiting for Secret gridgate-system/gridgate-tls',
    ]);
    served.offer(leaf);
    assert.deepEqual(served.unready([good]), []);
    assert.deepEqual(served.unready([good, bad]), [
      'the API server will not accept the certificate (ValidatingWebhookConfiguration gridgate, b): the caBundle holds no certificate',
    ]);
  });

  it('is renewed without a restart: a client of old and new shakes hands before and after', async (t) => {
    const server = await serve(t, leaf);
    const { served } = create();
    const renewed = await issueLeaf(second, { names: NAMES, ...validFor(DAY_MS, NOW) });
    const both = first.cert + second.cert;
    for (const name of NAMES) assert.ok((await shakeHands(t, server, name, both)).authorized, name);
    await assert.rejects(shakeHands(t, server, NAME, second.cert), /self-signed|unable to/);
    served.offer(renewed);
    server.setSecureContext({ cert: renewed.cert, key: renewed.key, minVersion: 'TLSv1.3' });
    for (const name of NAMES) assert.ok((await shakeHands(t, server, name, both)).authorized, name);
    assert.ok((await shakeHands(t, server, NAME, second.cert)).authorized);
    await assert.rejects(shakeHands(t, server, NAME, first.cert), /self-signed|unable to/);
  });
});

async function generateServer(): Promise<{ cert: string }> {
  const names = { name: 'subjectAltName' as const, altNames: [{ type: 2 as const, value: NAME }] };
  return generate([{ name: 'commonName', value: 'self' }], { ...KEYS, extensions: [names] });
}

/** As cert-manager's issuers have it: the served file holds the leaf and the authority between it and the root. */
async function issueChain(): Promise<{ root: string; intermediate: string; leaf: string }> {
  const root = await generateAuthority('root');
  const intermediate = await generateAuthority('intermediate', { key: root.private, cert: root.cert });
  const leaf = await issueLeaf(
    { cert: intermediate.cert, key: intermediate.private },
    { names: NAMES, ...validFor(DAY_MS, NOW) },
  );
  return { root: root.cert, intermediate: `${intermediate.cert}\n`, leaf: leaf.cert };
}

function generateAuthority(name: string, ca?: { key: string; cert: string }) {
  const extensions = [{ name: 'basicConstraints' as const, cA: true, critical: true }];
  return generate([{ name: 'commonName', value: name }], { ...KEYS, extensions, ...(ca && { ca }) });
}
