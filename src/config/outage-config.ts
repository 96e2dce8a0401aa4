import { z } from 'zod';
import { secret, sourceList, text, url } from './config-fields.ts';

/** A service's code in AWS Health, such as EC2 or AUTO_SCALING. */
const awsService = z.string().regex(/^[A-Z0-9_-]{2,30}$/, 'must be a service code of AWS Health, such as EC2');
/** Of Prometheus: no dashes, dots or slashes. */
const labelName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be a label name of Prometheus');
/** DescribeEvents filters by so many services. */
const MOST_SERVICES = 10;

/** The automatic sources of outages; `manual` is none of them, as it is always there. */
const outageSource = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('prometheus'),
    url,
    /** PromQL that finds one sample a region: above 0 is down, 0 is up. */
    query: text,
    /** The label that names the region; `region` by default. */
    regionLabel: labelName.optional(),
    token: secret.optional(),
  }),
  z.strictObject({
    type: z.literal('aws-health'),
    services: z.array(awsService).min(1).max(MOST_SERVICES).optional(),
    endpoint: url.optional(),
  }),
  z.strictObject({ type: z.literal('configmap'), namespace: text, name: text }),
  z.strictObject({ type: z.literal('nodes') }),
]);

/** The `outage` section of gridgate.yaml: any number of sources, of which each counts; none by default. */
export const outageConfig = z.strictObject({ sources: sourceList(outageSource) }).default({ sources: [] });

export type OutageConfig = z.infer<typeof outageConfig>;
export type OutageSourceConfig = OutageConfig['sources'][number];
