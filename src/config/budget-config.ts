import { z } from 'zod';
import { parseDuration } from '../units/duration.ts';
import { labelName, secret, text, url } from './config-fields.ts';

const energyLabels = z
  .strictObject({
    namespace: labelName.optional().describe('The label that names the namespace of a pod.'),
    pod: labelName.optional().describe('The label that names the pod.'),
    node: labelName.optional().describe('The label that names the machine, where the query is of machines.'),
  })
  .describe('What the series of the query are of. Left out: the labels that exporters usually have.');

const prometheusEnergy = z
  .strictObject({
    url,
    query: text
      .optional()
      .describe(
        'PromQL of watts, a series for each pod or each machine; counters of joules as rate(...[5m]). Left out: what Kepler and node_exporter (RAPL) tell.',
      ),
    labels: energyLabels.optional(),
    token: secret.optional(),
  })
  .refine(({ query, labels }) => query !== undefined || labels === undefined, {
    path: ['labels'],
    message: 'mean nothing without a query',
  })
  .describe('A Prometheus that measures what pods or machines draw.');

const SHORTEST_LOOP_MS = 5_000;
const LONGEST_LOOP_MS = 3_600_000;

function isLoop(text: string): boolean {
  const ms = parseDuration(text) ?? 0;
  return ms >= SHORTEST_LOOP_MS && ms <= LONGEST_LOOP_MS;
}

/** The section `budgets` of gridgate.yaml. */
export const budgetConfig = z
  .strictObject({
    loop: text
      .refine(isLoop, 'must be a duration from 5s to 1h such as 30s')
      .default('30s')
      .describe('How often the controllers look at what pods with a carbon budget emit.'),
    holdCycles: z
      .int()
      .min(1)
      .max(100)
      .default(3)
      .describe('So many looks in a row above a budget scale down; as many below 80% of it put back.'),
    energy: z
      .strictObject({ prometheus: prometheusEnergy.optional() })
      .prefault({})
      .describe(
        'Who says what pods draw. Without a Prometheus it is estimated from what they use, as metrics.k8s.io tells.',
      ),
  })
  .prefault({})
  .describe('Carbon budgets: what the option --carbon-budgets lets the controllers hold, and gridgate budget tells.');

export type BudgetConfig = z.infer<typeof budgetConfig>;
export type EnergyConfig = BudgetConfig['energy'];
