import type { Metric } from '../../telemetry/metric.ts';
import type { NamespaceCarbon } from './carbon-ledger.ts';

const CAVEAT = 'with an average signal attribution, not consequence';

/** What got worse stands beside what got better; nothing where `carbon` answers undefined. */
export function carbonMetrics(carbon: () => readonly NamespaceCarbon[] | undefined): readonly Metric[] {
  const counter = (what: 'avoided' | 'added', help: string): Metric => ({
    type: 'counter',
    name: `gridgate_carbon_${what}_grams_total`,
    help: `${help}; ${CAVEAT}`,
    labelNames: ['namespace'],
    read: () => (carbon() ?? []).map(({ namespace, [`${what}Grams` as const]: grams }) => [{ namespace }, grams]),
  });
  return [
    counter('avoided', 'Estimated grams of CO2e that pods avoid by running where they do instead of at home'),
    counter('added', 'Estimated grams of CO2e that pods add by running where it is dirtier than at home'),
  ];
}
