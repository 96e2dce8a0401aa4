import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { stringify } from 'yaml';
import { makePod } from '../../builders.ts';
import { regionYaml, writeDocuments } from '../../commands/world-files.ts';
import { makeTemporaryDirectory } from '../../config/temporary-directory.ts';
import { type GridProvider, startGridProvider } from '../../process/grid-provider.ts';
import { runCommand } from '../../process/run-command.ts';
import { serveWorld, until, untilLogged } from '../../replica/serving.ts';
import { startProvider as startFake } from '../../sources/fake-provider.ts';
import { startApi } from '../explain/explain-api.ts';

const TOKEN = 'a-token-nobody-may-see';

/** With one token that is good. */
async function startProvider(test: TestContext): Promise<GridProvider> {
  const zones = { DE: 412, 'SE-SE3': 31 };
  const provider = await startGridProvider(new Map(Object.entries(zones)));
  test.after(() => provider[Symbol.asyncDispose]());
  provider.token = TOKEN;
  return provider;
}

function writeFiles(test: TestContext, provider: GridProvider, token: string) {
  const directory = makeTemporaryDirectory(test);
  const file = (name: string, text: string) => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  const tokenFile = file('token', `${token}\n`);
  const sources = [{ type: 'electricity-maps', token: { file: tokenFile }, url: provider.url }];
  return {
    tokenFile,
    config: file('gridgate.yaml', stringify({ sources })),
    regions: writeDocuments(join(directory, 'live.yaml'), [
      regionYaml('eu-central-1', {}),
      regionYaml('eu-north-1', {}),
      regionYaml('us-west-2', {}),
      regionYaml('own', { gramsPerKwh: 100 }),
    ]),
  };
}

describe('gridgate regions --config', { timeout: 300_000 }, () => {
  it('ranks what the sources say, the yearly average where they say nothing, and fixed values', async (t) => {
    const provider = await startProvider(t);
    const { config, regions } = writeFiles(t, provider, TOKEN);
    const { code, stdout } = await runCommand([
      'regions',
      '--regions',
      regions,
      '--config',
      config,
      '--output',
      'json',
    ]);
    assert.equal(code, 0);
    const found = JSON.parse(stdout).regions.map(({ name, source, freshness }: Record<string, string>) => [
      name,
      source,
      freshness,
    ]);
    assert.deepEqual(found.slice(0, 2), [
      ['eu-north-1', 'electricity-maps', 'fresh'],
      ['own', 'static', 'fresh'],
    ]);
    assert.deepEqual(new Map(found.map(([name, source]: string[]) => [name, source])).get('us-west-2'), 'embedded');
  });

  it('goes on without a source that refuses the token, and says so without the token', async (t) => {
    const { config, regions } = writeFiles(t, await startProvider(t), 'wrong-secret');
    const { code, stdout, stderr } = await runCommand(['regions', '--regions', regions, '--config', config]);
    assert.equal(code, 0);
    assert.match(stdout, /eu-north-1 .* embedded/);
    assert.match(stderr, /electricity-maps: unauthorized: /);
    assert.doesNotMatch(stdout + stderr, /wrong-secret/);
  });

  it('--check says which source works, and exits 3 when none does', async (t) => {
    const provider = await startProvider(t);
    for (const [token, exit, wanted] of [
      [TOKEN, 0, /^works {2}electricity-maps {2}DE \(eu-central-1\): 412 gCO2e\/kWh, fresh/],
      ['wrong-secret', 3, /^FAILS {2}electricity-maps {2}DE \(eu-central-1\): unauthorized: /],
    ] as const) {
      const { config, regions } = writeFiles(t, provider, token);
      const { code, stdout } = await runCommand(['regions', '--regions', regions, '--config', config, '--check']);
      assert.equal(code, exit, stdout);
      assert.match(stdout, wanted);
    }
  });

  const HOUR_STARTS = () => new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000).toISOString();
  const zones: readonly [name: string, order: readonly string[]][] = [
    ['first', ['eu-central-1', 'eu-north-1']],
    ['last', ['eu-north-1', 'eu-central-1']],
  ];
  for (const [name, order] of zones)
    it(`--check asks for every region: the one that is refused comes ${name}`, async (t) => {
      const provider = await startFake(t, ({ query: { zone } }) =>
        zone === 'DE'
          ? { status: 403 }
          : {
              body: {
                zone,
                carbonIntensity: 50,
                datetime: HOUR_STARTS(),
                emissionFactorType: 'lifecycle',
                isEstimated: false,
              },
            },
      );
      const directory = makeTemporaryDirectory(t);
      const config = join(directory, 'gridgate.yaml');
      const sources = [
        { type: 'electricity-maps', token: { env: 'TOKEN' }, url: provider.baseUrl, disableEstimations: true },
        { type: 'watttime', username: { env: 'TOKEN' }, password: { env: 'TOKEN' } },
      ];
      writeFileSync(config, stringify({ sources }));
      const regions = writeDocuments(
        join(directory, 'R.yaml'),
        [...order, 'cellar'].map((region) => regionYaml(region, {})),
      );
      const args = ['regions', '--regions', regions, '--config', config, '--check'];
      const { code, stdout } = await runCommand(args, { env: { TOKEN } });
      assert.equal(code, 0, stdout);
      assert.ok(provider.asked.every(({ query }) => query['disableEstimations'] === 'true'));
      const lines = stdout.trimEnd().split('\n').sort();
      assert.equal(lines.length, 4, stdout);
      assert.match(lines[0] ?? '', /^- {6}electricity-maps {2}no zone for cellar$/);
      assert.match(lines[1] ?? '', /^FAILS {2}electricity-maps {2}DE \(eu-central-1\): unauthorized: HTTP 403: /);
      assert.match(lines[2] ?? '', /^FAILS {2}watttime {10}covers none of the regions; /);
      assert.match(lines[3] ?? '', /^works {2}electricity-maps {2}SE-SE3 \(eu-north-1\): 50 gCO2e\/kWh, fresh/);
      const json = JSON.parse((await runCommand([...args, '--output', 'json'], { env: { TOKEN } })).stdout);
      const [maps] = json.sources;
      assert.deepEqual([maps.works, maps.says], [true, 'works for 1 of 3 regions']);
      assert.deepEqual(
        maps.regions.map(({ region, zone, works }: Record<string, unknown>) => [region, zone, works]),
        [
          ...order.map((region) => (region === 'eu-north-1' ? [region, 'SE-SE3', true] : [region, 'DE', false])),
          ['cellar', null, false],
        ],
      );
      const { stderr } = await runCommand(args.slice(0, -1), { env: { TOKEN } });
      assert.match(stderr, /electricity-maps: unauthorized: HTTP 403: .* \(eu-central-1\)$/m);
    });

  it('--check names the variable and the file that this machine lacks', async (t) => {
    const directory = makeTemporaryDirectory(t);
    const config = join(directory, 'gridgate.yaml');
    const sources = [
      { type: 'electricity-maps', tokens: { DE: { env: 'EM_DE' }, SE: { file: join(directory, 'nowhere') } } },
      { type: 'watttime', username: { env: 'WT_USER' }, password: { env: 'WT_PASSWORD' } },
    ];
    writeFileSync(config, stringify({ sources }));
    // Nobody knows its zone: no source is asked.
    const regions = writeDocuments(join(directory, 'R.yaml'), [regionYaml('cellar', {})]);
    const args = ['regions', '--regions', regions, '--config', config, '--check'];
    const env = { EM_DE: ' ', WT_USER: 'me' };
    const { stdout } = await runCommand(args, { env });
    assert.deepEqual(
      stdout.split('\n').filter((line) => / of (electricity-maps|watttime) is /.test(line)),
      [
        'FAILS  tokens.DE of electricity-maps is the variable EM_DE, which is not set here',
        `FAILS  tokens.SE of electricity-maps is the file ${join(directory, 'nowhere')}, which is not here`,
        'FAILS  password of watttime is the variable WT_PASSWORD, which is not set here',
      ],
    );
    const { missing } = JSON.parse((await runCommand([...args, '-o', 'json'], { env })).stdout);
    assert.deepEqual(missing.at(-1), { source: 'watttime', field: 'password', where: { env: 'WT_PASSWORD' } });
  });

  it('refuses a configuration with mistakes, all of them at once', async (t) => {
    const { config, regions } = writeFiles(t, await startProvider(t), TOKEN);
    writeFileSync(config, 'sources: [{type: watttime, username: me}]\ncolour: blue\n');
    const { code, complaints } = await runCommand(['regions', '--regions', regions, '--config', config]);
    assert.equal(code, 2);
    assert.equal(complaints.length, 3, complaints.join('\n'));
  });
});

describe("gridgate regions --check by a cluster's own gridgate.yaml", { timeout: 300_000 }, () => {
  const SECRET = 'what-only-the-caller-may-have';

  async function startCluster(t: TestContext, config: string, spec: object): Promise<string> {
    const configMap = { metadata: { name: 'gridgate' }, data: { 'gridgate.yaml': config } };
    const region = { metadata: { name: 'eu-central-1' }, spec: { elastic: true, ...spec } };
    const { kubeconfig } = await startApi(t, {
      '/api/v1/namespaces/gridgate-system/configmaps': [configMap],
      '/apis/gridgate.dev/v1alpha1/regions': [region],
    });
    return kubeconfig;
  }

  /** Each case with a sink in place of SINK, and a file of this machine in place of FILE. */
  const rows: readonly [name: string, source: object, says: readonly string[]][] = [
    [
      'a variable of the caller to a url of the ConfigMap',
      { type: 'electricity-maps', url: 'SINK', token: { env: 'AWS_SECRET_ACCESS_KEY' } },
      ['token of electricity-maps is the variable AWS_SECRET_ACCESS_KEY: its pods', 'url of electricity-maps is one'],
    ],
    [
      'a file of the caller to a url of the ConfigMap',
      { type: 'watttime', url: 'SINK', username: { file: 'FILE' }, password: { env: 'HOME' } },
      [
        'username of watttime is the file FILE: its',
        'password of watttime is the variable HOME: its',
        'url of watttime',
      ],
    ],
    [
      'a variable of the caller in a token of one zone',
      { type: 'electricity-maps', url: 'SINK', tokens: { DE: { env: 'AWS_SECRET_ACCESS_KEY' } } },
      [
        'tokens.DE of electricity-maps is the variable AWS_SECRET_ACCESS_KEY: its pods',
        'url of electricity-maps is one',
      ],
    ],
    [
      'a request from the network of the caller',
      { type: 'prometheus', url: 'SINK', query: 'x{region="{{region}}"}', signal: 'marginal' },
      ['url of prometheus is one that the cluster names'],
    ],
    [
      'the same to a provider of open data',
      { type: 'uk-carbon-intensity', url: 'SINK' },
      ['url of uk-carbon-intensity'],
    ],
    [
      'the same to an SDK',
      { type: 'carbon-aware-sdk', url: 'SINK', signal: 'marginal' },
      ['url of carbon-aware-sdk is one'],
    ],
    [
      'what stands in a file of the caller',
      { type: 'file', path: 'FILE', signal: 'average-lifecycle' },
      ['path of file is the file FILE: its pods need it, `gridgate check` says whether they have it'],
    ],
  ];
  for (const [name, source, says] of rows)
    it(`gives nobody ${name}, and names what the pods need`, async (t) => {
      const sink = await startFake(t, { body: {} });
      const file = join(makeTemporaryDirectory(t), 'mine');
      writeFileSync(file, `DE: 123 # ${SECRET}\n`);
      const fill = (text: string) => text.replaceAll('SINK', sink.baseUrl).replaceAll('FILE', file);
      const kubeconfig = await startCluster(t, fill(JSON.stringify({ sources: [source] })), { ukCarbonIntensity: 1 });
      const args = ['regions', '--check', '--kubeconfig', kubeconfig];
      const env = { AWS_SECRET_ACCESS_KEY: SECRET, HOME: SECRET };
      const { code, stdout, stderr } = await runCommand(args, { env });
      assert.deepEqual(sink.asked, []);
      assert.doesNotMatch(stdout + stderr, new RegExp(`${SECRET}|123`));
      const lines = stdout.split('\n').filter((line) => line.startsWith('-      not asked from here: '));
      assert.equal(lines.length, says.length, stdout);
      for (const [index, sentence] of says.entries()) assert.ok(lines[index]?.includes(fill(sentence)), stdout);
      assert.equal(code, 0, stdout + stderr);
      const { sources, missing, unasked } = JSON.parse((await runCommand([...args, '-o', 'json'], { env })).stdout);
      assert.deepEqual([sources, missing, unasked[0].says.length], [[], [], says.length]);
    });

  it('asks a source that needs nothing, at the address that this program knows', async (t) => {
    // Nothing of it is British: nobody is asked.
    const kubeconfig = await startCluster(t, 'sources: [{type: uk-carbon-intensity}]', { gridZone: 'DE' });
    const { code, stdout } = await runCommand(['regions', '--check', '--kubeconfig', kubeconfig]);
    assert.match(stdout, /^FAILS {2}uk-carbon-intensity {2}covers none of the regions/m);
    assert.equal(code, 3, stdout);
  });
});

describe('gridgate serve --config', { timeout: 300_000 }, () => {
  it('decides by what the sources say, asks each zone once, and counts it', async (t) => {
    const provider = await startProvider(t);
    provider.zones.set('SE-SE3', 990);
    const { config, regions } = writeFiles(t, provider, TOKEN);
    const serving = await serveWorld(t, ['--regions', regions, '--config', config]);
    await until('a reading', async () =>
      (await serving.page('/metrics')).text.includes('source="electricity-maps"} 990'),
    );
    const pinned = makePod({ nodeSelector: { 'topology.kubernetes.io/region': 'eu-north-1' } });
    const { allowed, status } = await serving.mutate({ object: pinned });
    assert.equal(allowed, false);
    assert.match(status?.message ?? '', /eu-north-1 is at 990 gCO2e\/kWh \(electricity-maps/);
    const latest = provider.asked.map(({ zone }) => zone);
    assert.deepEqual([...latest].sort(), [...new Set(latest)].sort());
    const { text } = await serving.page('/metrics');
    assert.match(text, /gridgate_source_requests_total\{source="electricity-maps",outcome="ok"\} \d+/);
  });

  it('goes on with yearly averages when the source is away, and says so', async (t) => {
    const provider = await startProvider(t);
    const { config, regions } = writeFiles(t, provider, 'wrong-secret');
    const serving = await serveWorld(t, ['--regions', regions, '--config', config]);
    const line = await untilLogged(serving.gridgate, 'sources of intensities failed');
    assert.match(JSON.stringify(line), /unauthorized/);
    assert.doesNotMatch(JSON.stringify(serving.gridgate.log), /wrong-secret/);
    const { auditAnnotations } = await serving.mutate({ object: makePod() });
    assert.equal(auditAnnotations['reason'], 'steered');
  });
});
