import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { readRules } from './alert-rules.ts';
import { queriesOf, readDashboards } from './dashboard-files.ts';
import { groupedBy, selectedIn } from './expressions.ts';
import { API_SERVER_METRICS, familyOf, metricTable } from './metric-table.ts';

const table = new Map([...metricTable(), ...API_SERVER_METRICS]);
const families = new Set([...table.keys()].map(familyOf));
/** What whoever scrapes says of a target. */
const TARGET_LABELS = ['cluster', 'job', 'instance'];

const dashboards = readDashboards().flatMap(queriesOf);
const rules = readRules().map(({ alert, expr }) => ({ where: `alert ${alert}`, expr }));

/** Exported, and on no dashboard. */
const NOT_SHOWN: Readonly<Record<string, string>> = {};

function mistakesIn(expr: string): readonly string[] {
  const selected = selectedIn(expr);
  const labelsOf = (metric: string) => [...(table.get(metric) ?? []), ...TARGET_LABELS];
  const known = new Set(selected.flatMap(({ metric }) => labelsOf(metric)));
  return [
    ...selected.filter(({ metric }) => !table.has(metric)).map(({ metric }) => `there is no ${metric}`),
    ...selected.flatMap(({ metric, labels }) =>
      labels.filter((label) => !labelsOf(metric).includes(label)).map((label) => `${metric} has no ${label}`),
    ),
    ...groupedBy(expr)
      .filter((label) => !known.has(label))
      .map((label) => `nothing in it has ${label}`),
  ];
}

describe('metrics', () => {
  it('are in the table, all that the sources name', () => {
    const named = globSync('src/**/*.ts').flatMap((file) =>
      Array.from(
        readFileSync(file, 'utf8').matchAll(/name: ['`"](gridgate_[a-z0-9_]+)['`"]/g),
        ([, name = '']) => name,
      ),
    );
    assert.ok(named.length > 30);
    assert.deepEqual(
      named.filter((name) => !families.has(familyOf(name))),
      [],
    );
  });

  it('of dashboards and alerts exist, with the labels that these use', () => {
    const mistakes = [...dashboards, ...rules].flatMap(({ where, expr }) =>
      mistakesIn(expr).map((mistake) => `${where}: ${mistake}`),
    );
    assert.deepEqual(mistakes, []);
  });

  it('that pages name exist, with the labels that these name', () => {
    const pages = [...globSync('*.md'), ...globSync('{manifests,src,test}/**/*.md')].filter(
      (file) => file !== 'CHANGELOG.md',
    );
    const mistakes = pages.flatMap((file) =>
      Array.from(
        readFileSync(file, 'utf8').matchAll(/\b(gridgate_[a-z0-9_]*[a-z0-9])\b(?!_|\*)(?:\{([a-z_, ]+)\})?/g),
        ([, name = '', labels = '']) => {
          const known = table.get(name) ?? table.get(`${name}_count`);
          if (!known) return `${file}: there is no ${name}`;
          const wrong = labels.split(/, ?/).filter((label) => label !== '' && !known.includes(label));
          return wrong.length > 0 ? `${file}: ${name} has no ${wrong.join()}` : undefined;
        },
      ).filter((mistake) => mistake !== undefined),
    );
    assert.deepEqual(mistakes, []);
  });

  it('are each on a dashboard, or it is said why not', () => {
    const shown = new Set(dashboards.flatMap(({ expr }) => selectedIn(expr)).map(({ metric }) => familyOf(metric)));
    const own = [...metricTable().keys()].map(familyOf).filter((name) => name.startsWith('gridgate_'));
    assert.deepEqual(
      [...new Set(own)].filter((name) => !shown.has(name) && !(name in NOT_SHOWN)),
      [],
    );
    assert.deepEqual(
      Object.keys(NOT_SHOWN).filter((name) => shown.has(name) || !families.has(name)),
      [],
      'what is shown needs no excuse',
    );
  });
});
