import { HOSTNAME_LABEL, REGION_LABEL, ZONE_LABEL } from '../builders.ts';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import type { NodeSpec } from '../control-plane/nodes.ts';

/** Selects gridgate's own pods that serve; those of its CronJob come and go. */
export const SERVING = 'app.kubernetes.io/component in (webhook,controllers)';

/** Three nodes in each region, each in a zone of its own. */
export function nodesIn(regions: readonly string[], regionLabel = REGION_LABEL): NodeSpec[] {
  return regions.flatMap((region) =>
    [1, 2, 3].map((number) => ({
      name: `${region}-${number}`,
      labels: {
        [regionLabel]: region,
        [ZONE_LABEL]: `${region}-z${number}`,
        [HOSTNAME_LABEL]: `${region}-${number}`,
        number: String(number),
      },
    })),
  );
}

/** Keys without a slash get `gridgate.dev/`. */
export function prefixed(annotations: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(annotations).map(([key, value]) => [key.includes('/') ? key : `gridgate.dev/${key}`, value]),
  );
}

export function namespace(name: string, annotations: Readonly<Record<string, string>>): Rendered {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, annotations: prefixed(annotations) } };
}

/** A pod of these parts of a spec. It mounts no token, whose volume's name would be random. */
export function pod(name: string, spec: object = {}, annotations: Readonly<Record<string, string>> = {}): Rendered {
  const containers = [{ name: 'main', image: 'example.invalid/main:1' }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, annotations: prefixed(annotations) },
    spec: { containers, automountServiceAccountToken: false, ...spec },
  };
}

/** A container that asks for so much. */
export function requesting(requests: Readonly<Record<string, string>>): Rendered {
  return { name: 'main', image: 'example.invalid/main:1', resources: { requests, limits: requests } };
}

export function deployment(name: string, replicas: number, spec: object = {}, annotations = {}): Rendered {
  const { metadata, spec: podSpec } = pod(name, spec, annotations);
  const labels = { app: name };
  const template = { metadata: { annotations: metadata.annotations, labels }, spec: podSpec };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: { replicas, selector: { matchLabels: labels }, template },
  };
}
