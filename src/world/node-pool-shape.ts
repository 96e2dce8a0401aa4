import { z } from 'zod';
import { mistakesInShape } from './shape-mistakes.ts';

const labels = z.record(z.string(), z.string()).nullish();
const taint = z.looseObject({ key: z.string(), value: z.string().nullish(), effect: z.string() });
const requirement = z.looseObject({
  key: z.string(),
  operator: z.string(),
  values: z.array(z.string()).nullish(),
});

/** The fields of a NodePool that decisions read, in the types that its CRD insists on. */
const nodePoolShape = z.looseObject({
  metadata: z.looseObject({ name: z.string() }),
  spec: z
    .looseObject({
      limits: z.record(z.string(), z.unknown()).nullish(),
      replicas: z.number().nullish(),
      template: z
        .looseObject({
          metadata: z.looseObject({ labels }).nullish(),
          spec: z
            .looseObject({ requirements: z.array(requirement).nullish(), taints: z.array(taint).nullish() })
            .nullish(),
        })
        .nullish(),
    })
    .nullish(),
});

/** What is wrong with a NodePool of a file, a sentence each with its path; at most 5. */
export function mistakesInNodePool(nodePool: unknown): readonly string[] {
  return mistakesInShape(nodePoolShape, nodePool);
}
