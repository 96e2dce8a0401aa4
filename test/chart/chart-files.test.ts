import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { CHART, chartFiles, valueRows } from './chart-files.ts';

const read = (path: string) => readFileSync(path, 'utf8');

describe('the Helm chart', () => {
  for (const [path, text] of chartFiles())
    it(`${path} is what npm run chart makes`, () => assert.ok(read(path) === text, 'run npm run chart'));

  it('has no other files in files/', () => {
    const made = [...chartFiles().keys()].filter((path) => path.startsWith(`${CHART}/files/`));
    assert.deepEqual(globSync(`${CHART}/files/**/*.*`).sort(), made.sort());
  });

  it('is of the version of package.json, image and all', () => {
    const { version } = JSON.parse(read('package.json'));
    const chart = parse(read(`${CHART}/Chart.yaml`));
    assert.deepEqual([chart.version, chart.appVersion], [version, version]);
    assert.equal(parse(read(`${CHART}/values.yaml`)).image.tag, '');
  });

  it('says of each value what it is', () => {
    const rows = valueRows();
    assert.ok(rows.length > 80);
    for (const { key, says } of rows) assert.match(says, /^\S.*\.$/s, key);
    assert.throws(() => valueRows('a:\n  # -- Said.\n  b: 1\n  c: 2\n'), /a\.c has no comment/);
  });

  it('has a schema that knows the values of values.yaml and no others', () => {
    const schema = JSON.parse(read(`${CHART}/values.schema.json`));
    const known = keysOf(schema, '').filter((key) => key !== 'global');
    const values = parse(read(`${CHART}/values.yaml`));
    for (const { key } of valueRows()) assert.ok(known.includes(key), `${key} is not in the schema`);
    const said = (key: string) =>
      key.split('.').reduce((value: unknown, part) => (value as Record<string, unknown> | null)?.[part], values);
    const unsaid = known.filter((key) => said(key) === undefined && !MAY_BE_ABSENT.test(key));
    assert.deepEqual(unsaid, []);
  });
});

/** Parts of what has an empty default, or stands in the row of what it is a part of. */
const MAY_BE_ABSENT = /\.resources\.claims$|^certificates\.certManager\.issuerRef\./;

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** Of each value that the schema names; what gridgate.yaml holds is its own schema's. */
function keysOf({ properties = {} }: Schema, prefix: string): readonly string[] {
  return Object.entries(properties).flatMap(([key, schema]) => {
    const name = `${prefix}${key}`;
    return name === 'config' ? [name] : [name, ...keysOf(schema, `${name}.`)];
  });
}
