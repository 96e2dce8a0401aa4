import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { stringify } from 'yaml';
import { regionYaml, writeDocuments } from '../commands/world-files.ts';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';
import { runCommand } from '../process/run-command.ts';
import { startElectricityMaps } from '../sources/fake-electricity-maps.ts';
import { serveWorld, until } from './serving.ts';

async function world(test: TestContext) {
  const { baseUrl, asked } = await startElectricityMaps(test);
  const directory = makeTemporaryDirectory(test);
  const config = join(directory, 'gridgate.yaml');
  const sources = [{ type: 'electricity-maps', token: { env: 'TOKEN' }, url: baseUrl }];
  const writeConfig = (bands: object) => writeFileSync(config, stringify({ sources, bands }));
  const regions = join(directory, 'live.yaml');
  const writeRegions = (...names: readonly string[]) =>
    writeDocuments(regions, [...names.map((name) => regionYaml(name, {})), regionYaml('own', { gramsPerKwh: 120 })]);
  writeRegions('eu-central-1');
  return { asked, config, regions, writeConfig, writeRegions };
}

const ENV = { TOKEN: 's3cret' };

describe('relative bands without a cluster', { timeout: 300_000, concurrency: 2 }, () => {
  it('are judged by the history of the source; fixed values are not', async (t) => {
    const { config, regions, writeConfig } = await world(t);
    writeConfig({ mode: 'relative' });
    const { page } = await serveWorld(t, ['--regions', regions, '--config', config], ENV);
    const isBand = async (region: string, band: string) =>
      (await page('/metrics')).text.includes(`gridgate_region_band{region="${region}",band="${band}"} 1`);
    await until('a clean hour for Germany', () => isBand('eu-central-1', 'low'));
    assert.ok(await isBand('own', 'low'));
    assert.match((await page('/')).text, /Bands are relative/);
  });

  it('come and go with gridgate.yaml', async (t) => {
    const { asked, config, regions, writeConfig, writeRegions } = await world(t);
    writeConfig({});
    const { page } = await serveWorld(t, ['--regions', regions, '--config', config], ENV);
    const bandOf = async (region: string) =>
      new RegExp(`gridgate_region_band\\{region="${region}",band="(\\w+)"\\} 1`).exec(
        (await page('/metrics')).text,
      )?.[1];
    await until('a reading', async () => (await bandOf('eu-central-1')) === 'high' && asked.length > 0);
    writeConfig({ mode: 'relative' });
    await until('relative bands', async () => (await page('/')).text.includes('Bands are relative'));
    writeRegions('eu-central-1', 'eu-west-3');
    await until('a band of its own', async () => (await bandOf('eu-west-3')) === 'low');
    writeConfig({ thresholds: [100, 150] });
    await until('absolute bands', async () => !(await page('/')).text.includes('Bands are relative'));
    await until('the other thresholds', async () => (await bandOf('own')) === 'medium');
    writeRegions('eu-central-1', 'eu-west-3', 'eu-west-1');
    await until('a band like all', async () => (await bandOf('eu-west-1')) === 'high');
  });

  it('are those of gridgate regions too', async (t) => {
    const { config, regions, writeConfig } = await world(t);
    for (const [bands, ofGermany, ofOwn] of [
      [{ mode: 'relative' }, 'low', 'low'],
      [{ thresholds: [100, 450] }, 'medium', 'medium'],
    ] as const) {
      writeConfig(bands);
      const args = ['regions', '--regions', regions, '--config', config, '--output', 'json'];
      const { stdout } = await runCommand(args, { env: ENV });
      const found = JSON.parse(stdout).regions.map(({ name, band }: Record<string, string>) => [name, band]);
      assert.deepEqual(Object.fromEntries(found), { own: ofOwn, 'eu-central-1': ofGermany });
    }
  });

  it('--bands counts before the file', async (t) => {
    const { config, writeConfig } = await world(t);
    writeConfig({ mode: 'relative', thresholds: [100, 150] });
    for (const [args, mode] of [
      [[], 'relative'],
      [['--bands', 'absolute'], 'absolute'],
    ] as const) {
      const print = ['serve', '--config', config, '--print-config', '--output', 'json', ...args];
      const { stdout } = await runCommand(print);
      assert.deepEqual(JSON.parse(stdout).file.bands, { mode, thresholds: [100, 150] });
    }
  });
});
