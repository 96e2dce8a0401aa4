import { z } from 'zod';
import { shapeMistakes } from './shape-mistakes.ts';

/** Of a node what decisions read, in the types that the API server insists on. */
const nodeShape = z.looseObject({
  metadata: z.looseObject({ name: z.string() }),
  spec: z
    .looseObject({
      taints: z.array(z.looseObject({ key: z.string(), value: z.string().nullish(), effect: z.string() })).nullish(),
    })
    .nullish(),
  status: z.looseObject({ allocatable: z.record(z.string(), z.unknown()).nullish() }).nullish(),
});

/** What is wrong with a node, a sentence each with its path. */
export function mistakesInNode(node: unknown): readonly string[] {
  return shapeMistakes(nodeShape, node);
}
