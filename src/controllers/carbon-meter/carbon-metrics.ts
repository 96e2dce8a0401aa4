import type { Metric, Series } from '../../telemetry/metric.ts';
import type { NamespaceCarbon } from './carbon-ledger.ts';

const CAVEAT = 'with an average signal attribution, not consequence';

/** What got worse stands beside what got better; nothing where `carbon` answers undefined. It is asked once a scrape. */
export function carbonMetrics(carbon: () => readonly NamespaceCarbon[] | undefined): readonly Metric[] {
  let told: readonly NamespaceCarbon[] = [];
  const counter = (what: string, help: string, read: () => readonly Series[]): Metric => ({
    type: 'counter',
    name: `gridgate_carbon_${what}_grams_total`,
    help: `Estimated grams of CO2e that pods ${help}; ${CAVEAT}`,
    labelNames: ['namespace'],
    read,
  });
  return [
    counter('avoided', 'avoid by running where they do instead of at home', () => {
      told = carbon() ?? [];
      return told.map(({ namespace, avoidedGrams }) => [{ namespace }, avoidedGrams]);
    }),
    counter('added', 'add by running where it is dirtier than at home', () =>
      told.map(({ namespace, addedGrams }) => [{ namespace }, addedGrams]),
    ),
  ];
}
