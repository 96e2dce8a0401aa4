import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { regionYaml, writeDocuments } from '../commands/world-files.ts';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';
import { skip, startPrometheus } from '../process/prometheus.ts';
import { runGridgate } from '../process/run-gridgate.ts';

const QUERY = 'grid_grams{region="{{region}}"}';

test('a real Prometheus is read, told apart when it is gone, and read again when it is back', { skip }, async (t) => {
  const prometheus = await startPrometheus(t);
  const directory = makeTemporaryDirectory(t);
  const config = join(directory, 'gridgate.yaml');
  const source = { type: 'prometheus', url: prometheus.url, query: QUERY, signal: 'average-lifecycle' };
  writeFileSync(config, stringify({ sources: [source] }));
  const regions = writeDocuments(join(directory, 'R.yaml'), [
    regionYaml('eu-north-1', {}),
    regionYaml('eu-central-1', {}),
  ]);
  const gridgate = (...more: string[]) => runGridgate(['regions', '--regions', regions, '--config', config, ...more]);

  prometheus.metrics.set('grid_grams{region="eu-north-1"}', 421);
  prometheus.metrics.set('grid_grams{region="eu-central-1"}', 33);
  await prometheus.untilAnswers('grid_grams{region="eu-north-1"}', 421);
  const listed = await gridgate('--format', 'shell');
  assert.deepEqual([listed.code, listed.stdout], [0, 'eu-central-1: 33 gCO2e/kWh\neu-north-1: 421 gCO2e/kWh\n']);

  await prometheus.stop();
  const gone = await gridgate('--check');
  assert.equal(gone.code, 3);
  assert.match(gone.stdout, /^FAILS {2}prometheus .*the connection is refused/m);

  await prometheus.start();
  prometheus.metrics.set('grid_grams{region="eu-north-1"}', 12);
  await prometheus.untilAnswers('grid_grams{region="eu-north-1"}', 12);
  const back = await gridgate('--check');
  assert.equal(back.code, 0);
  assert.match(back.stdout, /^works {2}prometheus .*12 gCO2e\/kWh, fresh/m);
});
