import type { ClusterView } from '../cluster/cluster-view.ts';
import { type Decision, decide } from '../decision/decide.ts';
import { capMode } from '../decision/effect.ts';
import { effectivePolicy } from '../decision/effective-policy.ts';
import type { NamespaceRecord } from '../decision/namespace-record.ts';
import type { RegionRequirement } from '../decision/own-requirement.ts';
import type { Pod } from '../decision/pod.ts';
import type { Mode, Policy } from '../decision/policy.ts';
import { describeIssue } from '../decision/policy-annotations.ts';
import { ANY_REGION, type RegionPatterns } from '../decision/region-patterns.ts';
import { createMemory, remember } from '../decision/remember.ts';
import { decideForKind } from '../decision/running-pod.ts';
import { matchesNothing } from '../decision/unknown-names.ts';
import { ASSUMED_FACTS } from '../decision/waiting.ts';
import type { Snapshot } from '../regions/snapshot.ts';
import type { SnapshotHolder } from '../regions/snapshot-holder.ts';
import type { LiveConfig } from './live-config.ts';

export interface NamespaceJudge {
  /** What a namespace's annotations come to, whatever the kill switch says. */
  modeOf(namespace: NamespaceRecord): Mode;
  /** The same as far as the kill switch lets it. */
  modeInEffect(namespace: NamespaceRecord): Mode;
  /** Its home region where its pods are placed (`warn`, `enforce`), whatever the kill switch says: it moves nothing that runs. */
  homeOf(namespace: NamespaceRecord): string | undefined;
  /** Why its annotations do not parse, in sentences. */
  mistakesOf(namespace: NamespaceRecord): readonly string[];
  /** What it allows where nothing that is known here is among it; `undefined` where something is, or it stays out. */
  unenforceableOf(namespace: NamespaceRecord): { readonly regions: string; readonly mode: Mode } | undefined;
  /** Whether a pod would come to be now, the kill switch included. */
  wouldAdmit(pod: Pod, namespace: string): boolean;
  /** Whether it would come to run in a region now: it is not refused, does not wait for another hour, and is not placed elsewhere. */
  wouldRunIn(pod: Pod, namespace: string, region: string): boolean;
  /** The policy itself, whatever the kill switch says: for the few namespaces in which something waits. */
  policyOf(namespace: NamespaceRecord): Policy;
  /** Whether its pods may be held back for a cleaner hour, whatever the kill switch says. */
  mayHold(namespace: NamespaceRecord): boolean;
  /** What enforce would say of pods that run in a namespace, by its policy as it is now and the kind of who stands for them. */
  judgeOf(namespace: NamespaceRecord): (pod: Pod, kind: string) => Decision;
}

/** What is asked again and again of a compiled policy: of ten thousand, little is kept. */
interface Summary {
  readonly mode: Mode;
  readonly homeRegion: Policy['homeRegion'] | undefined;
  readonly madeUnder: Policy['madeUnder'] | undefined;
  readonly mistakes: readonly string[];
  /** Where they say anything. */
  readonly regions: RegionPatterns | undefined;
  readonly mayHold: boolean;
}

export function createNamespaceJudge(deps: {
  readonly view: Pick<ClusterView, 'namespace' | 'volumesOf'>;
  readonly config: Pick<LiveConfig, 'rules'>;
  readonly holder: Pick<SnapshotHolder, 'current'>;
  readonly modeCap: () => Mode | undefined;
  readonly clock: () => number;
}): NamespaceJudge {
  const { view, config, holder, modeCap, clock } = deps;
  const effective = ({ name, annotations }: NamespaceRecord) => effectivePolicy(name, annotations, config.rules());
  const seen = createMemory<NamespaceRecord, Summary>();
  const policies = createMemory<NamespaceRecord, Policy>();

  /** Kept, since each controller asks about all namespaces after every change, in the webhook's own thread where both run. */
  function summaryOf(namespace: NamespaceRecord): Summary {
    const known = seen.of(namespace);
    if (known?.madeUnder === config.rules()) return known;
    const { policy, mistakes } = effective(namespace);
    const { mode, homeRegion, madeUnder } = policy;
    const regions = policy.regions === ANY_REGION ? undefined : policy.regions;
    const mayHold = mode !== 'off' && ((policy.deferMs ?? 0) > 0 || policy.podOverrides === 'allow');
    return seen.keep(namespace, {
      mode,
      homeRegion,
      madeUnder,
      mistakes: mistakes.map(describeIssue),
      regions,
      mayHold,
    });
  }

  /** By what they say: of ten thousand namespaces most say the same. */
  const allowsNothing = createMemory<Snapshot, Map<string, boolean>>();

  function isUnenforceable(regions: RegionPatterns): boolean {
    const snapshot = holder.current();
    const known = remember(allowsNothing, snapshot, () => new Map<string, boolean>());
    const found = known.get(regions.text) ?? matchesNothing(regions, snapshot);
    known.set(regions.text, found);
    return found;
  }

  return {
    modeOf: (namespace) => summaryOf(namespace).mode,
    modeInEffect: (namespace) => capMode(summaryOf(namespace).mode, modeCap()),
    homeOf(namespace) {
      const { mode, homeRegion } = summaryOf(namespace);
      return mode === 'warn' || mode === 'enforce' ? homeRegion : undefined;
    },
    mistakesOf: (namespace) => summaryOf(namespace).mistakes,
    unenforceableOf(namespace) {
      const { mode, regions } = summaryOf(namespace);
      return regions && mode !== 'off' && isUnenforceable(regions) ? { regions: regions.text, mode } : undefined;
    },
    wouldAdmit(pod, name) {
      const namespace = view.namespace(name);
      if (!namespace) return true;
      const { policy } = effective(namespace);
      if (capMode(policy.mode, modeCap()) !== 'enforce') return true;
      const volumes = view.volumesOf(name, pod);
      return decide({ pod, policy, snapshot: holder.current(), now: clock(), volumes }).decision !== 'deny';
    },
    wouldRunIn(pod, name, region) {
      const namespace = view.namespace(name);
      if (!namespace) return true;
      const { policy } = effective(namespace);
      const mode = capMode(policy.mode, modeCap());
      if (mode !== 'warn' && mode !== 'enforce') return true;
      const volumes = view.volumesOf(name, pod);
      const now = clock();
      const decided = decide({ pod, policy, snapshot: holder.current(), now, volumes, waiting: ASSUMED_FACTS });
      if (decided.decision === 'deny') return mode === 'warn';
      return decided.decision !== 'defer' && admits(decided.steps?.steering?.requirement, region);
    },
    policyOf(namespace) {
      const known = policies.of(namespace);
      return known?.madeUnder === config.rules() ? known : policies.keep(namespace, effective(namespace).policy);
    },
    mayHold: (namespace) => summaryOf(namespace).mayHold,
    judgeOf(namespace) {
      const { name } = namespace;
      const { policy } = effective(namespace);
      return (pod, kind) => {
        const volumes = view.volumesOf(name, pod);
        return decideForKind(name, kind, { pod, policy, snapshot: holder.current(), now: clock(), volumes });
      };
    },
  };
}

function admits(requirement: RegionRequirement | undefined, region: string): boolean {
  return !requirement || requirement.values.includes(region) === (requirement.operator === 'In');
}
