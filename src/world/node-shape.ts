import { z } from 'zod';
import { mistakesInShape } from './shape-mistakes.ts';

/** The fields of a node that decisions read, in the types that the API server insists on. */
const nodeShape = z.looseObject({
  metadata: z.looseObject({ name: z.string(), labels: z.record(z.string(), z.string()).nullish() }),
  spec: z
    .looseObject({
      taints: z.array(z.looseObject({ key: z.string(), value: z.string().nullish(), effect: z.string() })).nullish(),
    })
    .nullish(),
  status: z.looseObject({ allocatable: z.record(z.string(), z.unknown()).nullish() }).nullish(),
});

/** What is wrong with a Node of a file, a sentence each with its path; at most 5. */
export function mistakesInNode(node: unknown): readonly string[] {
  return mistakesInShape(nodeShape, node);
}
