import { z } from 'zod';
import { labelName, secret, sourceList, text, url } from './config-fields.ts';

const awsService = z
  .string()
  .regex(/^[A-Z0-9_-]{2,30}$/, 'must be a service code of AWS Health, such as EC2')
  .describe('Code of a service, such as EC2.');
/** DescribeEvents filters by so many services. */
const MOST_SERVICES = 10;

/** The automatic sources of outages; `manual` is none of them, as it is always there. */
const outageSource = z.discriminatedUnion('type', [
  z
    .strictObject({
      type: z.literal('prometheus'),
      url,
      query: text.describe('PromQL that finds one sample a region: above 0 is down, 0 is up.'),
      regionLabel: labelName
        .optional()
        .describe('The label of the samples that names the region; region where it is left out.'),
      token: secret.optional(),
    })
    .describe('A Prometheus that knows outages.'),
  z
    .strictObject({
      type: z.literal('aws-health'),
      services: z
        .array(awsService)
        .min(1)
        .max(MOST_SERVICES)
        .optional()
        .describe('Only outages of these services count; of all where it is left out.'),
      endpoint: url.optional().describe("Instead of AWS's own address."),
    })
    .describe('AWS Health: open issues of regions; needs a Business support plan.'),
  z
    .strictObject({
      type: z.literal('configmap'),
      namespace: text.describe('Namespace of the ConfigMap.'),
      name: text.describe('Name of the ConfigMap.'),
    })
    .describe(
      'A ConfigMap of the cluster; by default RBAC allows gridgate-system/gridgate-outages alone. What it holds: src/sources/README.md.',
    ),
  z.strictObject({ type: z.literal('nodes') }).describe('The nodes of the cluster, by whether they are ready.'),
]);

/** The `outage` section of gridgate.yaml: any number of sources, of which each counts; none by default. */
export const outageConfig = z
  .strictObject({
    sources: sourceList(outageSource).describe('Any of them that says down counts; none where it is left out.'),
  })
  .default({ sources: [] })
  .describe('Who says that a region is down, beside its own spec.outage.');

type OutageConfig = z.infer<typeof outageConfig>;
export type OutageSourceConfig = OutageConfig['sources'][number];
