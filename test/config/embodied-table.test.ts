import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { readEmbodiedTable } from '../../src/config/embodied-table.ts';
import { makeTemporaryDirectory } from './temporary-directory.ts';

async function read(test: TestContext, name: string, text: string) {
  const path = join(makeTemporaryDirectory(test), name);
  writeFileSync(path, text);
  const found = await readEmbodiedTable(path);
  if ('issues' in found) return found.issues.map((issue) => issue.replace(/^.*\/(?=[^/]*$)/, ''));
  return Object.fromEntries([...found.embodied].map(([type, grams]) => [type, Number(grams.toFixed(6))]));
}

/** 35.04 kg over 4 years of 8,760 h are 1 g an hour, over 8 years half of that. */
const GRAMS = { 'm5.large': 1, 'c7g.large': 0.5, 'p5.48xlarge': 200 };

describe('a table of embodied carbon', () => {
  it('is read as CSV', async (t) => {
    const text =
      'provider,instanceType,kgCO2e,years\naws,m5.large,35.04,\naws,c7g.large,35.04,8\naws,p5.48xlarge,7008,4\n';
    assert.deepEqual(await read(t, 'own.csv', text), GRAMS);
  });

  it('is read as YAML', async (t) => {
    const text = `
m5.large: 35.04
c7g.large: {kgCO2e: 35.04, years: 8}
p5.48xlarge: {kgCO2e: 8760, hours: 43800}
`;
    assert.deepEqual(await read(t, 'own.yaml', text), GRAMS);
  });

  it('is read as JSON', async (t) =>
    assert.deepEqual(await read(t, 'own.json', '{"m5.large":35.04}'), { 'm5.large': 1 }));

  it('that is none says nothing', async () =>
    assert.deepEqual(await readEmbodiedTable(undefined), { embodied: new Map() }));

  const mistakes: readonly [file: string, text: string, says: readonly string[]][] = [
    [
      'own.yaml',
      'm5.large: x',
      ['own.yaml, line 1: m5.large: must be a number of kgCO2e, or {kgCO2e, years} or {kgCO2e, hours}'],
    ],
    [
      'own.yaml',
      'm5.large: {kg: 3}',
      ['own.yaml, line 1: m5.large: must be a number of kgCO2e, or {kgCO2e, years} or {kgCO2e, hours}'],
    ],
    [
      'own.csv',
      'instanceType,kgCO2e\nm5.large,3\n',
      ['own.csv: names no column years; its first line must name instanceType, kgCO2e, years'],
    ],
    [
      'own.csv',
      'instanceType,kgCO2e,years\nm5.large,x,\n,3,4\n',
      [
        'own.csv, line 2: kgCO2e must be a number from 0, and years one above 0',
        'own.csv, line 3: instanceType is none',
      ],
    ],
  ];
  for (const [file, text, says] of mistakes)
    it(`${file} with a mistake is told: ${text.split('\n').at(-1) || text.split('\n')[1]}`, async (t) =>
      assert.deepEqual(await read(t, file, text), says));
});
