import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { it } from 'node:test';
import { DECISIONS } from '../../src/scaling/regional-state.ts';

const ROOM = 'src/controllers/regional-autoscaler';
const SOURCES = [
  ...readdirSync(ROOM).map((name) => `${ROOM}/${name}`),
  ...readdirSync('src/scaling').map((name) => `src/scaling/${name}`),
].filter((path) => /(regional-autoscaler\/|\/regional-)[^/]*\.ts$/.test(path));

/** Words in capitals that are no reasons. */
const OTHERS = new Set([
  ...['Accepted', 'MetricsAvailable', 'Active', 'True', 'False', 'Normal', 'Warning', 'Scale', 'Move'],
  ...['Deployment', 'HorizontalPodAutoscaler', 'RegionalAutoscaler', 'Unknown', 'Other'],
]);

it('the page of RegionalAutoscalers has every reason, decision and state there is, and no other', () => {
  const page = readFileSync(`${ROOM}/README.md`, 'utf8');
  const [, section = ''] = /## All reasons\n(.*?)\n## /s.exec(page) ?? [];
  const told = new Set([...section.matchAll(/`([A-Z][A-Za-z]+)`/g)].map(([, word = '']) => word));
  const code = SOURCES.map((path) => readFileSync(path, 'utf8')).join('\n');
  const said = new Set([...code.matchAll(/'([A-Z][a-z]+(?:[A-Z][a-z]+)*)'/g)].map(([, word = '']) => word));
  for (const decision of DECISIONS) said.add(decision);
  assert.ok(said.size > 50);
  assert.deepEqual(
    [...said].filter((word) => !told.has(word) && !OTHERS.has(word)),
    [],
    'on no page',
  );
  assert.deepEqual(
    [...told].filter((word) => !said.has(word) && !OTHERS.has(word) && word !== 'Would' && word !== 'ACTIVE'),
    [],
    'in no code',
  );
});
