import { z } from 'zod';
import { groupExpression } from '../regions/group-regions.ts';

const namespaceName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be the name of a namespace such as kube-system');
const configMapName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, 'must be the name of a ConfigMap such as cluster-autoscaler-status');
const regionName = z
  .string()
  .regex(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/, 'must be the name of a region such as eu-north-1');
const match = z
  .string()
  .min(1)
  .max(200)
  .refine(
    (text) => groupExpression(text) !== undefined,
    'must be a regular expression such as ^eks-batch-, without look-around and without a group that is repeated such as (a|b)+',
  )
  .meta({ format: 'regex' });

/** The `cluster-autoscaler` section of gridgate.yaml: where it is, and what nobody can tell of its node groups. */
export const clusterAutoscalerConfig = z
  .strictObject({
    namespace: namespaceName
      .default('kube-system')
      .describe("Cluster Autoscaler's own namespace; another than kube-system needs its Roles there, too."),
    status: configMapName
      .default('cluster-autoscaler-status')
      .describe("The ConfigMap of Cluster Autoscaler's status (its --status-config-map-name); its Role names it."),
    groups: z
      .array(
        z.strictObject({
          region: regionName.describe('Name of the region that the node groups are in.'),
          match: match.describe('Regular expression that is found in the names of these node groups.'),
        }),
      )
      .max(200)
      .default([])
      .describe('Regions of node groups, the first that matches counts, before what nodes and names tell.'),
  })
  .prefault({})
  .describe('Cluster Autoscaler: where its status is, and which regions its node groups are in.');
