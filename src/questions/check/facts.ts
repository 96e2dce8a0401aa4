import type { CheckAnswer } from '../../decision/check-answer.ts';
import type { NamespaceRecord } from '../../decision/namespace-record.ts';
import type { PolicyRules } from '../../decision/policy-rules.ts';
import type { NodeFacts } from '../../regions/node-facts.ts';
import type { NodePoolFacts } from '../../regions/node-pool.ts';
import type { ObservedRegion } from '../../regions/observed-region.ts';
import type { HelmRelease } from '../../units/helm-release.ts';
import type { NamedSecret } from '../../units/named-secret.ts';
import type { Role } from '../../units/role.ts';
import type { Seen } from './finding.ts';
import type { AutoscalerPlace } from './rights.ts';

/** All that was seen of a cluster and of gridgate in it, at one moment. */
export interface ClusterFacts {
  readonly systemNamespace: string;
  readonly regionLabel: string;
  readonly apiServer: ApiServerFacts;
  readonly deployments: Seen<readonly DeploymentFacts[]>;
  readonly endpoints: Seen<EndpointCount>;
  readonly webhooks: Seen<readonly WebhookFacts[]>;
  /** Why the served certificate would be refused under a caBundle; absent where nobody looked, or it would not. */
  readonly mistrust?: string;
  readonly onNamespaces: Tried;
  readonly onPods: PodsTried;
  readonly rights: readonly RightsOfAccount[];
  readonly lease: Seen<LeaseFacts | undefined>;
  readonly regions: Seen<readonly ObservedRegion[]>;
  /** Regions that are passed over, a sentence each. */
  readonly invalidRegions: readonly string[];
  readonly nodes: Seen<readonly NodeFacts[]>;
  /** None where the cluster knows no NodePools. */
  readonly nodePools: Seen<readonly NodePoolFacts[]>;
  /** Those that have a field as gridgate wrote it. */
  readonly heldPools: Seen<readonly HeldPool[]>;
  /** What gridgate scales, where the numbers of its owner are kept aside. */
  readonly heldScales: Seen<readonly HeldScale[]>;
  readonly autoscalers: Seen<AutoscalersFacts>;
  /** Why metrics.k8s.io tells nobody what pods use; `undefined` where it does. */
  readonly usage: Seen<string | undefined>;
  readonly namespaces: Seen<readonly NamespaceRecord[]>;
  readonly settings: Seen<Settings | undefined>;
  /** Why the kill switch is not as it was meant, or what it caps; absent where it caps nothing. */
  readonly killSwitch: Seen<{ readonly cap?: string; readonly unreadable?: string }>;
  /** By which the leader says that it lets go what waits. */
  readonly releaserLease: Seen<LeaseFacts | undefined>;
  /** All that waits for a cleaner hour. */
  readonly things: Seen<readonly WaitingThing[]>;
  /** Absent where there is no CronJob for what is overdue. */
  readonly overdueRuns: Seen<OverdueRuns | undefined>;
  /** By kind and name (`Secret gridgate-sources`): which keys hold something; `undefined` where there is no such object. */
  readonly keys: ReadonlyMap<string, Seen<ReadonlySet<string> | undefined>>;
}

export interface ApiServerFacts {
  readonly version: string;
  /** Epoch milliseconds of its Date header, in whole seconds; absent where a proxy left it out. */
  readonly date?: number;
  /** Our own clock when that came. */
  readonly at: number;
}

export interface DeploymentFacts {
  readonly name: string;
  readonly roles: readonly Role[];
  readonly account: string;
  readonly replicas: number;
  readonly available: number;
  readonly args: readonly string[];
  /** Where each variable has its value from; `set` where it stands there itself. */
  readonly variables: ReadonlyMap<string, KeyRef | 'set'>;
  /** Objects all of whose keys become variables. */
  readonly variableObjects: readonly (Omit<KeyRef, 'key'> & { readonly prefix: string })[];
  readonly mounts: readonly Mount[];
  /** Of Helm, where it installed this. */
  readonly release?: HelmRelease;
}

/** A key of a Secret or ConfigMap in gridgate's namespace. */
export interface KeyRef {
  readonly kind: 'Secret' | 'ConfigMap';
  readonly name: string;
  readonly key: string;
}

export interface Mount {
  readonly path: string;
  /** Absent: a volume of another kind. */
  readonly from?: Omit<KeyRef, 'key'>;
  /** Where files are not named as their keys: key by file. */
  readonly keyOf?: ReadonlyMap<string, string>;
}

export interface EndpointCount {
  readonly ready: number;
  readonly notReady: number;
}

export interface WebhookFacts {
  readonly kind: 'MutatingWebhookConfiguration' | 'ValidatingWebhookConfiguration';
  readonly name: string;
  readonly selector: LabelSelector;
  /** How many certificates the caBundle holds. */
  readonly authorities: number;
  /** Epoch milliseconds: when the last of them expires. */
  readonly trustedUntil: number;
  /** Tells bundles apart. */
  readonly bundle: string;
}

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>> | null;
  readonly matchExpressions?:
    | readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] | null }[]
    | null;
}

/**
 * What became of a dry run that asks who answers:
 *
 * | outcome  | what the API server said                                       |
 * | -------- | -------------------------------------------------------------- |
 * | answered | the warning that we asked for                                  |
 * | older    | a refusal by a gridgate that does not know the question        |
 * | silent   | nothing: it let the object pass without an answer (`Ignore`)   |
 * | failed   | that it could not call the webhook (`Fail`)                    |
 * | refused  | a refusal of somebody else's                                   |
 */
export type Tried =
  | { readonly outcome: 'answered'; readonly answer: CheckAnswer; readonly at: number }
  | { readonly outcome: 'older' | 'silent' }
  | { readonly outcome: 'failed' | 'refused'; readonly why: string };

/** `namespace` is the one that a pod was tried in; without it there is none to try. */
export type PodsTried =
  | (Tried & { readonly namespace: string })
  | { readonly outcome: 'untried'; readonly why: string; readonly todo?: string | undefined };

export interface RightsOfAccount {
  /** `gridgate-system/gridgate`. */
  readonly account: string;
  readonly roles: readonly Role[];
  readonly asked: Seen<RightsAsked>;
}

export interface RightsAsked {
  readonly count: number;
  /** `list nodes`. */
  readonly missing: readonly string[];
}

export interface LeaseFacts {
  readonly holder: string;
  /** Epoch milliseconds by the leader's clock. */
  readonly renewedAt: number;
  readonly durationMs: number;
}

/** A NodePool that has a field as gridgate wrote it, until gridgate puts back what its owner had. */
export interface HeldPool {
  readonly name: string;
  /** `spec.limits.cpu`; absent where nobody can read what is kept. */
  readonly field?: string;
  /** What its owner had, as JSON. */
  readonly value?: string;
  /** A merge patch that puts it back; only of a single value: it is safe to paste between quotes. */
  readonly patch?: string;
}

/** Of RegionalAutoscalers. */
export interface AutoscalersFacts {
  readonly count: number;
  readonly troubled: readonly TroubledAutoscaler[];
}

export interface TroubledAutoscaler {
  /** `shop/web`. */
  readonly called: string;
  /** By its conditions. */
  readonly why: string;
  /** Absent: a name that could not be pasted. */
  readonly todo: string | undefined;
}

export interface HeldScale {
  /** `deployment shop/web`. */
  readonly called: string;
  /** By which argument somebody puts it back. */
  readonly option: '--regional-autoscaler' | '--carbon-budgets';
  /** What its owner had, in words. */
  readonly value: string;
  /** Absent: a name that could not be pasted. */
  readonly todo: string | undefined;
}

/** A pod that gridgate gated or a Job that it suspended; times in epoch milliseconds, absent where nobody can read them. */
export interface WaitingThing {
  readonly kind: 'Pod' | 'Job';
  readonly namespace: string;
  /** Itself where nothing owns it. */
  readonly owner: { readonly kind: string; readonly name: string };
  /** When it was created. */
  readonly since?: number;
  /** As it says itself. */
  readonly latestStart?: number;
}

export interface OverdueRuns {
  readonly isSuspended: boolean;
  /** How long before its last run the last one that succeeded was. */
  readonly failedForMs: number;
}

/** What the cluster's own gridgate.yaml says. */
export type Settings =
  | { readonly mistakes: readonly string[] }
  | {
      readonly sources: readonly string[];
      readonly secrets: readonly NamedSecret[];
      readonly rules: PolicyRules;
      /** A Prometheus is named that tells what pods draw. */
      readonly measuresEnergy?: boolean;
      /** Where Cluster Autoscaler is. */
      readonly autoscaler?: AutoscalerPlace;
    };
