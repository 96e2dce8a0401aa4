import type { RegionView } from '../../src/regions/snapshot.ts';
import type { Scenario } from './scenarios.ts';

/** What a policy says of one region, read off the annotations alone: on purpose without anything of `src/decision`. */
export interface Verdict {
  readonly allowed: boolean;
  readonly near: boolean;
  readonly healthy: boolean;
  /** Clean enough for this pod; critical and system pods have no ceiling. */
  readonly clean: boolean;
}

export function verdictOn(view: RegionView, { pod, policy }: Pick<Scenario, 'pod' | 'policy'>): Verdict {
  const home = policy['home-region'];
  const latencyMs = view.name === home ? 0 : view.latencyMs.get(home ?? '');
  const measured = view.reading?.signal === 'average-lifecycle' && view.reading.freshness !== 'embedded';
  return {
    allowed: listed(policy['regions'], view.name) && listed(podAnnotation(pod, 'regions'), view.name),
    near:
      policy['max-latency'] === undefined ||
      !(latencyMs !== undefined && latencyMs > Number.parseInt(policy['max-latency'], 10)),
    healthy: view.outage?.active !== true,
    clean:
      isCarbonExempt({ pod, policy }) || !measured || (view.reading?.gramsPerKwh ?? 0) <= ceilingOf({ pod, policy }),
  };
}

export function isGood({ allowed, near, healthy, clean }: Verdict): boolean {
  return allowed && near && healthy && clean;
}

export function isCarbonExempt({ pod, policy }: Pick<Scenario, 'pod' | 'policy'>): boolean {
  const critical = podAnnotation(pod, 'class') === 'critical' && policy['pod-overrides'] === 'allow';
  return critical || pod.spec?.priorityClassName === 'system-cluster-critical';
}

/** Whether carbon may have to give way to a spread over regions or zones. */
export function insistsOnSpread({ pod }: Pick<Scenario, 'pod'>): boolean {
  return (pod.spec?.topologySpreadConstraints ?? []).some(
    ({ topologyKey = '', whenUnsatisfiable }) =>
      /\/(region|zone)$/.test(topologyKey) && whenUnsatisfiable === 'DoNotSchedule',
  );
}

function ceilingOf({ pod, policy }: Pick<Scenario, 'pod' | 'policy'>): number {
  const ofNamespace = Number(policy['max-intensity'] ?? 300);
  const ofPod = Number(podAnnotation(pod, 'max-intensity') ?? Number.NaN);
  if (Number.isNaN(ofPod)) return ofNamespace;
  return policy['pod-overrides'] === 'allow' ? ofPod : Math.min(ofPod, ofNamespace);
}

function podAnnotation(pod: Scenario['pod'], name: string): string | undefined {
  return pod.metadata?.annotations?.[`gridgate.dev/${name}`];
}

/** Only `*` among letters; a list with anything else is a mistake and counts for nothing. */
function listed(patterns: string | undefined, name: string): boolean {
  if (patterns === undefined || /[^a-z*!,-]/.test(patterns)) return true;
  const matches = (pattern: string) => new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(name);
  const all = patterns.split(',');
  const included = all.filter((pattern) => !pattern.startsWith('!'));
  const excluded = all.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1));
  return (included.length === 0 || included.some(matches)) && !excluded.some(matches);
}
