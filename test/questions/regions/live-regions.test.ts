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
      stdout.split('\n').filter((line) => line.includes(': its ')),
      [
        'FAILS  electricity-maps: its tokens.DE is the variable EM_DE, which is not set here',
        `FAILS  electricity-maps: its tokens.SE is the file ${join(directory, 'nowhere')}, which is not here`,
        'FAILS  watttime: its password is the variable WT_PASSWORD, which is not set here',
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
