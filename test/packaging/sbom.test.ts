import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { bundledPackages } from '../../src/packaging/bundled-packages.ts';
import { narrowSbom, type Sbom } from '../../src/packaging/sbom.ts';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';

const OWN = { name: 'gridgate', version: '0.2.0' };

function component(name: string, version = '1.0.0') {
  return { 'bom-ref': `${name}@${version}`, name, version, purl: `pkg:npm/${name}@${version}`, scope: 'optional' };
}

function fromNpm(timestamp = '2026-12-01T00:00:00Z', serialNumber = 'urn:uuid:0'): Sbom {
  return {
    specVersion: '1.5',
    serialNumber,
    metadata: { timestamp, component: { ...component('gridgate', '0.2.0'), name: 'a-folder' } },
    components: ['inside', 'deeper', 'tool'].map((name) => component(name)),
    dependencies: [
      { ref: 'gridgate@0.2.0', dependsOn: ['inside@1.0.0', 'tool@1.0.0'] },
      { ref: 'inside@1.0.0', dependsOn: ['deeper@1.0.0'] },
      { ref: 'tool@1.0.0', dependsOn: [] },
      { ref: 'deeper@1.0.0' },
    ],
  };
}

const BUNDLED = [
  { name: 'inside', version: '1.0.0' },
  { name: 'deeper', version: '1.0.0' },
];

describe('the SBOM', () => {
  it('has what is in the program, and no tool that built it', () => {
    const { components, dependencies, metadata } = narrowSbom(fromNpm(), OWN, BUNDLED);
    assert.deepEqual(
      components.map(({ name, scope }) => [name, scope]),
      [
        ['deeper', 'required'],
        ['inside', 'required'],
      ],
    );
    assert.deepEqual(dependencies[0], { ref: 'gridgate@0.2.0', dependsOn: ['inside@1.0.0'] });
    assert.ok(dependencies.every(({ ref }) => ref !== 'tool@1.0.0'));
    assert.equal(metadata.component.name, 'gridgate');
  });

  it('is the same whenever and wherever it is made, and another of another program', () => {
    const one = narrowSbom(fromNpm(), OWN, BUNDLED);
    assert.deepEqual(narrowSbom(fromNpm('2027-01-01T00:00:00Z', 'urn:uuid:1'), OWN, BUNDLED), one);
    assert.match(one.serialNumber, /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.notEqual(narrowSbom(fromNpm(), OWN, BUNDLED.slice(1)).serialNumber, one.serialNumber);
  });

  it('is refused where the program has a package that the lock file does not know', () =>
    assert.throws(
      () => narrowSbom(fromNpm(), OWN, [{ name: 'inside', version: '9.9.9' }]),
      /in the program, but not in package-lock.json: inside@9.9.9/,
    ));
});

it('a package is bundled where a line of it is, however deep it lies', async (t) => {
  const directory = makeTemporaryDirectory(t);
  const paths = ['node_modules/plain', 'node_modules/@scope/one', 'node_modules/plain/node_modules/nested'];
  for (const path of paths) {
    mkdirSync(join(directory, path), { recursive: true });
    writeFileSync(
      join(directory, path, 'package.json'),
      JSON.stringify({ name: path.split('node_modules/').at(-1), version: '1.0.0', license: 'MIT' }),
    );
  }
  const inputs = Object.fromEntries(
    [...paths.map((path) => join(directory, path, 'lib/a.js')), 'src/main.ts'].map((path) => [
      path,
      { bytesInOutput: 1 },
    ]),
  );
  const output = { bytes: 1, inputs, imports: [], exports: [] };
  const found = await bundledPackages({ outputs: { 'dist/main.js': output } });
  assert.deepEqual(
    found.map(({ name }) => name),
    ['@scope/one', 'plain', 'nested'],
  );
});
