import { z } from 'zod';
import { mistakeInQuantity, mistakesInResources } from './resource-amounts.ts';
import { mistakesInShape } from './shape-mistakes.ts';

/** The fields of a pod that decisions and figures read, in the types that the API server insists on. */
const requirement = z.looseObject({ key: z.string(), operator: z.string(), values: z.array(z.string()).nullish() });
const term = z.looseObject({
  matchExpressions: z.array(requirement).nullish(),
  matchFields: z.array(requirement).nullish(),
});
const texts = z.record(z.string(), z.string()).nullish();
const amount = z
  .union([z.string(), z.number()], { error: 'must be a quantity such as 500m or 1Gi' })
  .superRefine((quantity, context) => {
    const message = mistakeInQuantity(quantity);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
const amounts = z.record(z.string(), amount).nullish();
const resources = z
  .looseObject({ requests: amounts, limits: amounts })
  .superRefine((given, context) => {
    for (const { path, message } of mistakesInResources(given)) context.addIssue({ code: 'custom', path, message });
  })
  .nullish();
const containers = z.array(z.looseObject({ resources, restartPolicy: z.string().nullish() }));
const text = z.string().nullish();

const podShape = z.looseObject({
  metadata: z.looseObject({ annotations: texts, labels: texts }).nullish(),
  spec: z.looseObject({
    containers,
    initContainers: containers.nullish(),
    overhead: amounts,
    resources,
    nodeName: text,
    nodeSelector: texts,
    affinity: z
      .looseObject({
        nodeAffinity: z
          .looseObject({
            requiredDuringSchedulingIgnoredDuringExecution: z
              .looseObject({ nodeSelectorTerms: z.array(term) })
              .nullish(),
            preferredDuringSchedulingIgnoredDuringExecution: z
              .array(z.looseObject({ weight: z.number(), preference: term }))
              .nullish(),
          })
          .nullish(),
      })
      .nullish(),
    tolerations: z.array(z.looseObject({ key: text, operator: text, value: text, effect: text })).nullish(),
    topologySpreadConstraints: z
      .array(
        z.looseObject({
          topologyKey: text,
          whenUnsatisfiable: text,
          minDomains: z.number().nullish(),
          nodeAffinityPolicy: text,
        }),
      )
      .nullish(),
    volumes: z
      .array(z.looseObject({ persistentVolumeClaim: z.looseObject({ claimName: z.string() }).nullish() }))
      .nullish(),
    priorityClassName: text,
    priority: z.number().nullish(),
    preemptionPolicy: text,
  }),
});

/** What is wrong with a pod, or a template of one, a sentence each with its path; at most 5. */
export function mistakesInPod(pod: unknown): readonly string[] {
  return mistakesInShape(podShape, pod);
}
