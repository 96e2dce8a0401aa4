import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { stringify } from 'yaml';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';
import { type GrafanaPanel, queriesOf, readDashboards } from './dashboard-files.ts';
import { dashboardFiles, FOLDER } from './dashboards/all.ts';
import { withVariables } from './expressions.ts';
import { promtool, skip } from './promtool.ts';
import { headingsOf, RUNBOOK } from './runbook.ts';

/** Values by series, as promtool has them. */
type Series = Readonly<Record<string, string>>;

const dashboards = readDashboards();
const panels = dashboards.flatMap(({ file, panels }) =>
  panels.filter(({ type }) => type !== 'row').map((panel) => ({ where: `${file}, "${panel.title}"`, panel })),
);

function failing(isWell: (panel: GrafanaPanel) => boolean): readonly string[] {
  return panels.filter(({ panel }) => !isWell(panel)).map(({ where }) => where);
}

describe('the dashboards', () => {
  it('are what npm run dashboards writes', () => {
    for (const [name, text] of dashboardFiles())
      assert.ok(readFileSync(join(FOLDER, name), 'utf8') === text, `${name} is old: npm run dashboards`);
    assert.deepEqual(
      dashboards.map(({ file }) => file),
      [...dashboardFiles().keys()].sort(),
    );
  });

  it('have names of their own, and the schema of Grafana 11', () => {
    assert.equal(new Set(dashboards.map(({ uid }) => uid)).size, dashboards.length);
    for (const { uid, schemaVersion } of dashboards) {
      assert.match(uid, /^[a-z-]{8,40}$/);
      assert.ok(schemaVersion >= 39);
    }
  });

  it('ask the Prometheus that is chosen, and no other', () => {
    const isChosen = ({ uid = '' } = {}) => uid === ['$', '{datasource}'].join('');
    assert.deepEqual(
      failing(
        ({ datasource, targets = [] }) =>
          isChosen(datasource) && targets.length > 0 && targets.every((one) => isChosen(one.datasource)),
      ),
      [],
    );
    for (const { templating } of dashboards) assert.equal(templating.list[0]?.name, 'datasource');
  });

  it('say of each panel what it means and when to worry, in sentences', () =>
    assert.deepEqual(
      failing(({ description = '' }) => description.length > 60 && /^[A-Z0-9].*\.$/s.test(description)),
      [],
    ));

  it('have a unit on each panel', () =>
    assert.deepEqual(
      failing(({ fieldConfig }) => !!fieldConfig?.defaults.unit),
      [],
    ));

  it('have panels that lie beside each other, each with its own number', () => {
    for (const { file, panels: all } of dashboards) {
      assert.equal(new Set(all.map(({ id }) => id)).size, all.length, file);
      for (const [i, { title, gridPos: a }] of all.entries()) {
        assert.ok(a.x >= 0 && a.x + a.w <= 24, `${file}, "${title}" is wider than the page`);
        for (const { title: other, gridPos: b } of all.slice(i + 1)) {
          const overlaps = a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
          assert.ok(!overlaps, `${file}: "${title}" and "${other}" overlap`);
        }
      }
    }
  });

  it('lead to headings of the runbook that are there', () => {
    const anchors = new Set(headingsOf().map(({ anchor }) => anchor));
    const links = [...dashboards.flatMap(({ links }) => links), ...panels.flatMap(({ panel }) => panel.links ?? [])]
      .map(({ url }) => url)
      .filter((url) => url !== '');
    assert.ok(links.length > 20);
    for (const url of links) {
      const [page, anchor] = url.split('#');
      assert.equal(page, RUNBOOK);
      assert.ok(anchor === undefined || anchors.has(anchor), `no heading ${anchor} in ${RUNBOOK}`);
    }
  });

  it('use variables that they have', () => {
    const own = (name: string) => name.startsWith('__');
    for (const { file, templating, panels: all } of dashboards) {
      const known = new Set(templating.list.map(({ name }) => name));
      const used = new Set(Array.from(JSON.stringify(all).matchAll(/\$\{?(\w+)/g), ([, name = '']) => name));
      assert.deepEqual(
        [...used].filter((name) => !own(name) && !known.has(name)),
        [],
        file,
      );
      const unused = [...known].filter((name) => name !== 'cluster' && !used.has(name));
      assert.deepEqual(unused, [], `${file} has variables that change nothing`);
    }
  });

  it('ask what Prometheus can parse', { skip }, (t) => {
    const asked = dashboards.flatMap(queriesOf);
    assert.ok(asked.length > 80);
    const rules = asked.map(({ expr }, i) => ({ record: `query:${i}`, expr: withVariables(expr) }));
    const file = join(makeTemporaryDirectory(t), 'rules.yaml');
    writeFileSync(file, stringify({ groups: [{ name: 'all', rules }] }));
    const { code, said } = promtool(['check', 'rules', file]);
    const broken = asked.filter((_, i) => said.includes(`"query:${i}"`));
    assert.equal(code, 0, `${broken.map(({ where }) => where).join('\n')}\n${said}`);
  });

  const SHOWN: readonly (readonly [
    what: string,
    panel: string,
    series: Series,
    shows: Readonly<Record<string, number>>,
    to: number,
  ])[] = [
    [
      'a share of 0 where the whole emits nothing',
      '"Share of each namespace"',
      {
        'gridgate_namespace_kilograms_per_hour{cluster="demo", namespace="shop"}': '0x200',
        'gridgate_namespace_kilograms_per_hour{cluster="demo", namespace="bank"}': '0x200',
      },
      { '{namespace="shop"}': 0, '{namespace="bank"}': 0 },
      0.01,
    ],
    [
      'shares of the whole',
      '"Share of each namespace"',
      {
        'gridgate_namespace_kilograms_per_hour{cluster="demo", namespace="shop"}': '3x200',
        'gridgate_namespace_kilograms_per_hour{cluster="demo", namespace="bank"}': '1x200',
      },
      { '{namespace="shop"}': 0.75, '{namespace="bank"}': 0.25 },
      0.01,
    ],
    [
      'what was saved under two leaders in the hour shown, the first of each included, and nothing of before',
      'waiting.json, "By namespace", query 1',
      {
        'gridgate_waiting_saved_grams_expected_total{cluster="demo", instance="a", namespace="shop"}':
          '5000x100 5300x30 stale',
        'gridgate_waiting_saved_grams_expected_total{cluster="demo", instance="b", namespace="shop"}': '_x135 200x60',
      },
      { '{namespace="shop"}': 500 },
      50, // Prometheus takes a rise for a little more than it saw
    ],
  ];
  for (const [what, panel, series, shows, to] of SHOWN)
    it(`show ${what}`, { skip }, (t) => {
      const asked = dashboards.flatMap(queriesOf).find(({ where }) => where.includes(panel));
      const file = join(makeTemporaryDirectory(t), 'tests.yaml');
      const one = {
        interval: '1m',
        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
        promql_expr_test: [
          {
            expr: `round(${withVariables(asked?.expr ?? '').replace(/^sort_desc\((.*)\)$/, '$1')}, ${to})`,
            eval_time: '150m',
            exp_samples: Object.entries(shows).map(([labels, value]) => ({ labels, value })),
          },
        ],
      };
      writeFileSync(file, stringify({ tests: [one] }));
      const { code, said } = promtool(['test', 'rules', file]);
      assert.equal(code, 0, said);
    });
});
