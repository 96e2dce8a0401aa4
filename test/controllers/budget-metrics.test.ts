import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createBudgetFigures } from '../../src/controllers/carbon-budgets/budget-metrics.ts';
import type { Emissions } from '../../src/scaling/component-carbon.ts';

function emissions(kgPerHour: number, unknown = 0): Emissions {
  return { kgPerHour, watts: 0, pods: 1, unknown, known: new Map(), basis: 'measured' };
}

function show(ofNamespaces: ReadonlyMap<string, Emissions>) {
  const figures = createBudgetFigures();
  figures.show({ reports: [], lowered: [], would: [], left: new Map(), ofNamespaces });
  const series = (wanted: string) => [...(figures.metrics.find(({ name }) => name === wanted)?.read() ?? [])];
  return { ...figures, series };
}

describe('what operators see of what namespaces emit', () => {
  it("shows the incident's 14% for observability beside what has no budget", () => {
    const { series } = show(new Map(Object.entries({ shop: 4, batch: 3.37, observability: 1.2 }).map(asEntry)));
    const all = series('gridgate_namespace_kilograms_per_hour');
    const total = all.reduce((sum, [, kgPerHour]) => sum + kgPerHour, 0);
    const [, own = 0] = all.find(([{ namespace }]) => namespace === 'observability') ?? [];
    assert.equal(Math.round((own / total) * 100), 14);
  });

  it('sums up what is beyond the 500 that emit most, so that shares stay right', () => {
    const all = Array.from({ length: 503 }, (_, i) => asEntry([`n${i}`, i + 1]));
    const series = show(new Map(all)).series('gridgate_namespace_kilograms_per_hour');
    assert.equal(series.length, 501);
    assert.deepEqual(series.at(-1), [{ namespace: '(others)' }, 1 + 2 + 3]);
  });

  it('counts pods that are in no figure, and says nothing where nobody looked', () => {
    const ofNamespaces = { shop: emissions(1, 2), batch: emissions(0, 3) };
    const { series, clear } = show(new Map(Object.entries(ofNamespaces)));
    assert.deepEqual(series('gridgate_uncounted_pods'), [[{}, 5]]);
    clear();
    assert.deepEqual(series('gridgate_uncounted_pods'), []);
    assert.deepEqual(series('gridgate_namespace_kilograms_per_hour'), []);
  });
});

function asEntry([name, kgPerHour]: readonly [string, number]): readonly [string, Emissions] {
  return [name, emissions(kgPerHour)];
}
