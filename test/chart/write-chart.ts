// Writes what of the Helm chart is made of something else: files/, values.schema.json, the table of values. `npm run chart`.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { CHART, chartFiles } from './chart-files.ts';

const files = chartFiles();
rmSync(`${CHART}/files`, { recursive: true, force: true });
for (const [path, text] of files) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
