import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { stringify } from 'yaml';
import { makePod } from '../builders.ts';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';
import { runGridgate } from './run-gridgate.ts';
import { serveWorld, until, untilLogged } from './serving.ts';
import { regionYaml, writeDocuments } from './world-files.ts';

const TOKEN = 'a-token-nobody-may-see';

interface Provider {
  readonly url: string;
  readonly requests: string[];
  /** gCO2e/kWh by zone; a zone that is not there is answered with 404. */
  readonly zones: Map<string, number>;
}

/** Speaks Electricity Maps' v3 (test/fixtures/intensity says where its form comes from), with one token that is good. */
async function startProvider(test: TestContext): Promise<Provider> {
  const zones = new Map([
    ['DE', 412],
    ['SE-SE3', 31],
  ]);
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    const zone = searchParams.get('zone') ?? '';
    requests.push(`${pathname} ${zone}`);
    const grams = zones.get(zone);
    const isKnown = request.headers['auth-token'] === TOKEN;
    response.statusCode = isKnown ? (grams === undefined ? 404 : 200) : 401;
    response.setHeader('content-type', 'application/json');
    const row = {
      zone,
      carbonIntensity: grams,
      datetime: new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000).toISOString(),
      updatedAt: new Date().toISOString(),
      emissionFactorType: 'lifecycle',
      isEstimated: false,
      estimationMethod: null,
    };
    const { zone: _, ...rest } = row;
    if (pathname.endsWith('/latest')) response.end(JSON.stringify(row));
    else response.end(JSON.stringify({ zone, history: [row], forecast: [rest], updatedAt: row.updatedAt }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, zones };
}

function writeFiles(test: TestContext, provider: Provider, token: string) {
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

describe('gridgate regions --config', { timeout: 60_000 }, () => {
  it('ranks what the sources say, the yearly average where they say nothing, and fixed values', async (t) => {
    const provider = await startProvider(t);
    const { config, regions } = writeFiles(t, provider, TOKEN);
    const { code, stdout } = await runGridgate([
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
    const { code, stdout, stderr } = await runGridgate(['regions', '--regions', regions, '--config', config]);
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
      const { code, stdout } = await runGridgate(['regions', '--regions', regions, '--config', config, '--check']);
      assert.equal(code, exit, stdout);
      assert.match(stdout, wanted);
    }
  });

  it('refuses a configuration with mistakes, all of them at once', async (t) => {
    const { config, regions } = writeFiles(t, await startProvider(t), TOKEN);
    writeFileSync(config, 'sources: [{type: watttime, username: me}]\ncolour: blue\n');
    const { code, complaints } = await runGridgate(['regions', '--regions', regions, '--config', config]);
    assert.equal(code, 2);
    assert.equal(complaints.length, 3, complaints.join('\n'));
  });
});

describe('gridgate serve --config', { timeout: 60_000 }, () => {
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
    const latest = provider.requests.filter((request) => request.startsWith('/v3/carbon-intensity/latest'));
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
