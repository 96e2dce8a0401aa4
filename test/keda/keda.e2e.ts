import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse, parseDocument } from 'yaml';
import type { RegionView } from '../../src/regions/snapshot.ts';
import { createOperatorsApp } from '../../src/webhook/operators-app.ts';
import { makeRegion, makeSnapshot } from '../builders.ts';
import { applyObjects } from '../cluster/controllers-account.ts';
import { MANIFESTS, type Rendered } from '../cluster/rendered-manifests.ts';
import { skip as noControlPlane } from '../control-plane/assets.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/start.ts';
import { makeSampleStatus } from '../webhook/sample-status.ts';

const KEDA = 'github.com/kedacore/keda/v2@v2.21.0';
const HERE = fileURLToPath(new URL('.', import.meta.url));
const skip = noControlPlane || (spawnSync('go', ['version']).error ? 'Go is not installed' : false);

interface Answer {
  readonly values: Readonly<Record<string, number | null>>;
  readonly result: number | null;
  readonly error?: string;
}

/** The ScaledObject of the page. */
function recipe(): Rendered {
  const page = readFileSync(`${MANIFESTS}/capacity/keda.md`, 'utf8');
  return parse(/^```yaml\n(.*?)^```$/ms.exec(page)?.[1] ?? '');
}

/** What the operators' port of a replica serves at `/status.json`. */
async function serve(regions: readonly RegionView[]): Promise<string> {
  const snapshot = makeSnapshot(regions);
  const renderMetrics = async () => ({ contentType: 'text/plain', body: '' });
  const app = createOperatorsApp({ ...makeSampleStatus({ snapshot: () => snapshot }), renderMetrics });
  const { body } = await app.inject('/status.json');
  await app.close();
  return body;
}

/** By the libraries that KEDA has in it. */
async function evaluate(questions: readonly object[]): Promise<readonly Answer[]> {
  const child = execFile('go', ['run', '.'], { cwd: HERE });
  child.stdin?.end(JSON.stringify(questions));
  const [out, err] = await Promise.all([
    text(child.stdout as never),
    text(child.stderr as never),
    once(child, 'close'),
  ]);
  assert.equal(err.replace(/^go: downloading .*\n/gm, ''), '');
  return JSON.parse(out);
}

describe('the recipe for KEDA', { skip, timeout: 300_000 }, () => {
  const { spec } = recipe();
  const { formula, target } = spec.advanced.scalingModifiers;
  const path: string = spec.triggers.find(({ name }: Rendered) => name === 'band').metadata.valueLocation;
  const region = /^byRegion\.([^.]+)\./.exec(path)?.[1] ?? '';
  const LOAD = 730;

  const rows: readonly [name: string, region: RegionView | undefined, replicas: number][] = [
    ['low', makeRegion(region, 50), 73],
    ['medium', makeRegion(region, 250), 40],
    ['high', makeRegion(region, 400), 10],
    ['unknown', makeRegion(region, undefined), 73],
    ['of a region that gridgate does not know', undefined, 73],
  ];

  test('caps the replicas by the band, and by nothing where nobody knows it', async () => {
    const bodies = await Promise.all(rows.map(([, view]) => serve(view ? [view] : [])));
    const answers = await evaluate(
      bodies.map((body) => ({ body, paths: { band: path }, numbers: { load: LOAD }, formula })),
    );
    assert.deepEqual(
      answers.map(({ result, error }) => error ?? Math.ceil((result ?? Number.NaN) / Number(target))),
      rows.map(([, , replicas]) => replicas),
    );
  });

  test('names paths that find what the page says', async () => {
    const body = await serve([makeRegion('hall.7', 24.5, { outage: 'power loss' }), makeRegion('eu-north-1', 300)]);
    const paths = {
      version: 'version',
      grams: String.raw`byRegion.hall\.7.gramsPerKwh`,
      age: 'byRegion.eu-north-1.ageSeconds',
      band: 'byRegion.eu-north-1.band.number',
      rank: 'byRegion.eu-north-1.rank',
      ofList: 'regions.#(name=="hall.7").rank',
      outage: String.raw`byRegion.hall\.7.outage`,
      noForecast: 'byRegion.eu-north-1.forecastMinimum.gramsPerKwh',
    };
    const [answer] = await evaluate([{ body, paths, numbers: {}, formula: '1' }]);
    assert.deepEqual(answer?.values, {
      ...{ version: 1, grams: 24.5, age: 600, band: 1, rank: 2, ofList: 1, outage: 1, noForecast: null },
    });
  });

  describe('under its CustomResourceDefinition', () => {
    let controlPlane: ControlPlane;

    before(async () => {
      controlPlane = await startControlPlane({ workers: [] });
      const { stdout } = spawnSync('go', ['mod', 'download', '-json', KEDA], { cwd: '/', encoding: 'utf8' });
      const crd = readFileSync(`${JSON.parse(stdout).Dir}/config/crd/bases/keda.sh_scaledobjects.yaml`, 'utf8');
      // Of the size that does not fit the annotation of `apply`.
      const { request } = controlPlane;
      const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
      const { status } = await request('POST', path, parseDocument(crd).toJS());
      assert.equal(status, 201);
      await controlPlane.waitFor('ScaledObjects', async () => {
        const served = await request('GET', '/apis/keda.sh/v1alpha1/scaledobjects');
        return served.status === 200 || undefined;
      });
      await applyObjects(controlPlane, [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'media' } }]);
    });
    after(() => controlPlane?.stop());

    test('is accepted, and no field of it is unknown', async () => {
      const args = ['apply', '--server-side', '--validate=strict', '-f', '-'];
      const { code, stderr } = await controlPlane.kubectl(args, JSON.stringify(recipe()));
      assert.deepEqual([code, stderr], [0, '']);
    });
  });
});
