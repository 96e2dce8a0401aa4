import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { makePod, REGION_LABEL } from '../builders.ts';
import { issueForLocalhost } from '../certs/pairs.ts';
import {
  argsFor,
  NAMESPACES,
  namespaceYaml,
  REGIONS,
  regionYaml,
  writeDocuments,
  writeWorld,
} from '../commands/world-files.ts';
import { startGridgate } from '../process/gridgate-process.ts';
import { runCommand } from '../process/run-command.ts';
import { runGridgate } from '../process/run-gridgate.ts';
import { addressOf, ask } from '../webhook/client.ts';
import { serveWorld, until } from './serving.ts';

const FREE = ['--host', '127.0.0.1', '--port', '0', '--metrics-port', '0'];

describe('gridgate serve', { timeout: 300_000 }, () => {
  it('is ready at once, decides over TLS, logs and counts each decision', async (t) => {
    const { gridgate, mutate, page } = await serveWorld(t, ['--default-region', 'eu-central']);
    assert.deepEqual(await page('/readyz'), { status: 200, text: 'ok\n' });
    assert.deepEqual(await page('/healthz'), { status: 200, text: 'ok\n' });
    const containers = [{ name: 'main', image: 'main', env: [{ name: 'PASSWORD', value: 'hunter2' }] }];
    const { spec, ...pod } = makePod({ nodeSelector: { [REGION_LABEL]: 'eu-west' } });
    const { allowed, auditAnnotations } = await mutate({ object: { ...pod, spec: { ...spec, containers } } });
    assert.deepEqual([allowed, auditAnnotations['reason']], [false, 'outage']);
    await until('the decision in the log', () => gridgate.log.some(({ msg }) => msg === 'decided'));
    const { namespace, owner, decision, reason, region, ms } = gridgate.log.find(({ msg }) => msg === 'decided') ?? {};
    assert.deepEqual([namespace, owner, decision, reason, region], ['shop', 'Pod/web-*', 'deny', 'outage', 'eu-west']);
    assert.equal(typeof ms, 'number');
    assert.doesNotMatch(JSON.stringify(gridgate.log), /hunter2|containers/);
    const { text } = await page('/metrics');
    const counted = '{endpoint="/mutate",mode="enforce",decision="deny",reason="outage"} 1';
    assert.ok(text.includes(`gridgate_admission_requests_total${counted}`), text);
    assert.match((await page('/')).text, /<b>shop<\/b> Pod\/web-\*/);
    assert.equal(gridgate.stderr(), '');
    assert.equal(await gridgate.end(), 0);
  });

  it('logs names without what a terminal acts upon, and loses nothing of them', async (t) => {
    const files = await writeWorld(t);
    const logFile = join(files.directory, 'log');
    const gridgate = await startGridgate({ args: argsFor(files), logFile });
    t.after(() => gridgate.end('SIGKILL'));
    const address = addressOf(gridgate.webhook, files.ca);
    const name = 'a\u202egnp\u009b31m\u007f\u200b\u2028é\u{e0041}';
    await ask(address, '/mutate', { object: makePod({ metadata: { name } }) });
    assert.equal(await gridgate.end(), 0);
    const written = readFileSync(logFile, 'utf8');
    assert.doesNotMatch(written, /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    const lines = written.trimEnd().split('\n');
    assert.ok(lines.map((line) => JSON.parse(line).owner).includes(`Pod/${name}`), written);
  });

  it('makes itself a development certificate where none is given', async (t) => {
    const { directory, regions, namespaces } = await writeWorld(t);
    const certDir = join(directory, 'new', 'certs');
    const gridgate = await startGridgate({
      args: ['--regions', regions, '--namespaces', namespaces, '--cert-dir', certDir],
    });
    t.after(() => gridgate.end('SIGKILL'));
    const address = addressOf(gridgate.webhook, readFileSync(join(certDir, 'ca.crt'), 'utf8'));
    assert.equal((await ask(address, '/mutate', { object: makePod() })).auditAnnotations['reason'], 'steered');
    assert.equal(await gridgate.end(), 0);
  });

  it('reads its options from the environment too', async (t) => {
    const files = await writeWorld(t);
    const env = {
      PORT: 'x',
      GRIDGATE_METRICS_PORT: 'y',
      CERT_FILE: files.certFile,
      DEFAULT_REGION: '-',
      GRIDGATE_REGIONS: files.regions,
      GRIDGATE_NAMESPACES: files.namespaces,
    };
    const { code, complaints } = await runCommand(['serve'], { env });
    assert.equal(code, 2);
    assert.deepEqual(
      complaints.map((line) => line.split(':')[1]?.trim()),
      ['PORT', 'GRIDGATE_METRICS_PORT', 'DEFAULT_REGION', 'CERT_FILE'],
    );
  });
});

describe("the operators' port of gridgate serve", { timeout: 300_000 }, () => {
  const rows: readonly [name: string, args: readonly string[], address: string][] = [
    ['is on loopback without a cluster, wherever the webhook is', ['--host', '0.0.0.0'], '127.0.0.1'],
    ['is where it is told to be', ['--host', '127.0.0.1', '--metrics-host', '0.0.0.0'], '0.0.0.0'],
  ];
  for (const [name, args, address] of rows)
    it(name, async (t) => {
      const { args: files } = await writeWorld(t);
      const gridgate = await startGridgate({ args: [...files, ...args] });
      t.after(() => gridgate.end('SIGKILL'));
      const port = Number(new URL(gridgate.operators).port);
      assert.ok(listeners().includes(`${address}:${port}`), listeners().join(' '));
      assert.equal(await gridgate.end(), 0);
    });
});

/** `address:port` of every TCP socket over IPv4 that listens here. */
function listeners(): readonly string[] {
  const lines = readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1);
  return lines.flatMap((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/);
    const [address = '', port = ''] = local.split(':');
    if (state !== '0A') return [];
    const bytes = address.match(/../g)?.map((byte) => Number.parseInt(byte, 16)) ?? [];
    return [`${bytes.reverse().join('.')}:${Number.parseInt(port, 16)}`];
  });
}

interface Mistakes {
  readonly name: string;
  readonly regions?: readonly string[];
  readonly namespaces?: readonly string[];
  readonly args?: readonly string[];
  /** The certificate of another key. */
  readonly mismatch?: true;
  readonly without?: readonly string[];
  /** One for every complaint, in any order. */
  readonly says: readonly RegExp[];
}

const BAD_REGIONS = [
  ...REGIONS,
  regionYaml('negative', { gramsPerKwh: -1 }),
  regionYaml('not-a-number', { gramsPerKwh: Number.NaN }),
  regionYaml('endless', { gramsPerKwh: Number.POSITIVE_INFINITY }),
  regionYaml('absurd', { gramsPerKwh: 2001 }),
  regionYaml('eu-north', { gramsPerKwh: 60 }),
  regionYaml('misspelt', { gramPerKwh: 60 }),
];
const REGION_COMPLAINTS = [
  /R\.yaml, document 5, line \d+: spec\.gramsPerKwh: must be at least 0/,
  /R\.yaml, document 6, line \d+: spec\.gramsPerKwh: Kubernetes knows no infinite numbers, and none that is not a number/,
  /R\.yaml, document 7, line \d+: spec\.gramsPerKwh: .*/,
  /R\.yaml, document 8, line \d+: spec\.gramsPerKwh: .*2000/,
  /R\.yaml, document 9, line \d+: region eu-north is there twice/,
  /R\.yaml, document 10, line \d+: spec\.gramPerKwh: no such key/,
];
const BAD_NAMESPACES = [
  ...NAMESPACES,
  namespaceYaml('typo', { 'max-intesity': '1', mode: 'enfroce' }),
  regionYaml('misplaced', {}),
];
const NAMESPACE_COMPLAINTS = [
  /N\.yaml, document 5, line \d+, namespace typo: .*did you mean gridgate\.dev\/max-intensity\?/,
  /N\.yaml, document 5, line \d+, namespace typo: .*"enfroce" is not one of/,
  /N\.yaml, document 6, line \d+: Region is not Namespace, Node, NodePool or PriorityClass/,
];
const KEY_COMPLAINT = /tls\.key is not the private key of .*tls\.crt/;

const BAD_CONFIGURATIONS: readonly Mistakes[] = [
  {
    name: 'files: every mistake of regions, namespaces and key in one run',
    regions: BAD_REGIONS,
    namespaces: BAD_NAMESPACES,
    mismatch: true,
    says: [...REGION_COMPLAINTS, ...NAMESPACE_COMPLAINTS, KEY_COMPLAINT],
  },
  {
    name: 'options: every mistake in one run',
    args: ['--port', '70000', '--metrics-port', 'x', '--log-level', 'loud', '--shutdown-delay', '2h', '--context', 'c'],
    says: [/--port/, /--metrics-port/, /--log-level.*trace, debug/, /--shutdown-delay.*1h/, /--context.*--kubeconfig/],
  },
  {
    name: 'options and files: every mistake in one run',
    args: ['--port', 'x'],
    regions: BAD_REGIONS,
    namespaces: BAD_NAMESPACES,
    mismatch: true,
    says: [/--port/, ...REGION_COMPLAINTS, ...NAMESPACE_COMPLAINTS, KEY_COMPLAINT],
  },
  {
    name: 'no files at all',
    without: ['--regions', '--namespaces'],
    says: [/--regions.*is missing/, /--namespaces.*is missing/],
  },
  {
    name: 'a regions file that is not there',
    args: ['--regions', 'nowhere.yaml'],
    says: [/^gridgate: nowhere\.yaml: .*no such file/],
  },
  { name: 'an empty regions file', regions: [], says: [/R\.yaml: holds no/] },
  { name: 'a regions file that is not YAML', regions: ['{'], says: [/R\.yaml, document 1, line 1: /] },
  {
    name: 'a certificate without its key',
    without: ['--key-file'],
    says: [/--cert-file.*needs --key-file \(KEY_FILE\) too/],
  },
  {
    name: 'a certificate that is not there',
    args: ['--cert-file', 'nowhere.crt'],
    says: [/nowhere\.crt cannot be read: ENOENT/],
  },
  {
    name: 'a key that is not there',
    args: ['--key-file', 'nowhere.key'],
    says: [/nowhere\.key cannot be read: ENOENT/],
  },
  {
    name: 'a certificate directory that is a file',
    without: ['--cert-file', '--key-file'],
    args: ['--cert-dir', 'package.json'],
    says: [/^gridgate: --cert-dir package\.json: /],
  },
  {
    name: 'authorities of callers that are not there',
    args: ['--client-ca', 'nowhere.crt'],
    says: [/--client-ca: nowhere\.crt cannot be read: ENOENT/],
  },
  {
    name: 'authorities of callers that are none',
    args: ['--client-ca', 'package.json'],
    says: [/--client-ca: package\.json holds no PEM certificate/],
  },
  { name: 'a key of another certificate', mismatch: true, says: [KEY_COMPLAINT] },
  {
    name: 'both a kubeconfig and namespaces',
    args: ['--kubeconfig', 'k'],
    says: [/--namespaces: means nothing beside --kubeconfig/],
  },
];

describe('gridgate serve with bad configuration ends with 2 and says what is wrong:', {
  timeout: 300_000,
  concurrency: 2,
}, () => {
  for (const { name, args = [], regions, namespaces, mismatch, without = [], says } of BAD_CONFIGURATIONS)
    it(name, async (t) => {
      const files = await writeWorld(t);
      if (regions) writeDocuments(files.regions, regions);
      if (namespaces) writeDocuments(files.namespaces, namespaces);
      if (mismatch) writeFileSync(files.keyFile, (await issueForLocalhost()).key);
      const given = argsFor(files);
      const kept = given.filter((arg, i) => !without.includes(arg) && !without.includes(given[i - 1] ?? ''));
      const { code, stdout, complaints } = await runCommand(['serve', ...FREE, ...kept, ...args]);
      assert.deepEqual([code, stdout], [2, ''], complaints.join('\n'));
      for (const pattern of says)
        assert.ok(
          complaints.some((line) => pattern.test(line)),
          `${pattern}\n${complaints.join('\n')}`,
        );
      assert.equal(complaints.length, says.length, complaints.join('\n'));
    });

  for (const option of ['--port', '--metrics-port'])
    it(`a ${option} that is taken`, async (t) => {
      const files = await writeWorld(t);
      const squatter = createServer().listen(0, '127.0.0.1');
      await once(squatter, 'listening');
      t.after(() => squatter.close());
      const { port } = squatter.address() as AddressInfo;
      const { code, complaints } = await runGridgate(['serve', ...FREE, ...files.args, option, String(port)]);
      assert.equal(code, 2, `it had to be killed; ${complaints.join('\n')}`);
      assert.match(complaints.join('\n'), new RegExp(`address already in use 127\\.0\\.0\\.1:${port}`));
    });
});
