import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { stringify } from 'yaml';
import { makePod } from '../builders.ts';
import { regionYaml, writeDocuments } from '../commands/world-files.ts';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';
import { pollUntil } from '../control-plane/poll.ts';
import { type GridProvider, startGridProvider } from '../process/grid-provider.ts';
import { type Serving, serveWorld } from '../replica/serving.ts';

const DEADLINE_MS = 60_000;

export async function startProvider(t: TestContext): Promise<GridProvider> {
  const provider = await startGridProvider();
  t.after(() => provider[Symbol.asyncDispose]());
  return provider;
}

interface Settings {
  readonly provider: GridProvider;
  /** Grid zones, whose regions have the same names. */
  readonly zones: readonly string[];
  /** More documents of the regions file. */
  readonly more?: readonly string[];
  readonly url?: string;
  readonly token?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A stand-alone `gridgate serve` that asks the provider; its files can be changed while it runs. */
export async function serveZones(
  t: TestContext,
  { provider, zones, more = [], url = provider.url, token = 't', env = {} }: Settings,
) {
  const directory = makeTemporaryDirectory(t);
  const path = (name: string) => join(directory, name);
  const follow = (names: readonly string[]) =>
    writeDocuments(path('regions.yaml'), [...names.map((zone) => regionYaml(zone, { gridZone: zone })), ...more]);
  const configure = (to: string) =>
    writeFileSync(
      path('gridgate.yaml'),
      stringify({ sources: [{ type: 'electricity-maps', token: { file: path('token') }, url: to }] }),
    );
  const rotateToken = (next: string) => {
    writeFileSync(path('token.new'), `${next}\n`);
    renameSync(path('token.new'), path('token'));
  };
  rotateToken(token);
  configure(url);
  follow(zones);
  const args = ['--regions', path('regions.yaml'), '--config', path('gridgate.yaml')];
  return { ...(await serveWorld(t, args, env)), follow, configure, rotateToken };
}

export async function answersReviews({ mutate }: Serving): Promise<void> {
  const { allowed, auditAnnotations } = await mutate({ object: makePod() });
  assert.equal(allowed, true);
  assert.notEqual(auditAnnotations['reason'], 'internal_error');
}

/** The source of each region's reading. */
export async function sourcesByRegion({ page }: Serving): Promise<ReadonlyMap<string, string>> {
  const { text } = await page('/metrics');
  const found = text.matchAll(/^gridgate_region_grams_per_kwh\{region="(.+?)",.*source="(.+?)"\}/gm);
  return new Map([...found].map(([, region = '', source = '']) => [region, source]));
}

/** How many requests to the source ended how. */
export async function outcomes({ page }: Serving): Promise<ReadonlyMap<string, number>> {
  const { text } = await page('/metrics');
  const found = text.matchAll(/^gridgate_source_requests_total\{.*outcome="(.+?)"\} (\d+)/gm);
  return new Map([...found].map(([, outcome = '', count]) => [outcome, Number(count)]));
}

export async function isThere(serving: Serving, region: string): Promise<true | undefined> {
  return (await sourcesByRegion(serving)).has(region) || undefined;
}

export function untilAll(serving: Serving, regions: readonly string[], source: string): Promise<true> {
  return pollUntil({
    what: `${regions.join()} to be of ${source}`,
    async probe() {
      const found = await sourcesByRegion(serving);
      return regions.every((region) => found.get(region) === source) || undefined;
    },
    deadlineMs: DEADLINE_MS,
  });
}
