import { REGION_LABEL } from '../builders.ts';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import type { AuditEvent } from '../control-plane/audit.ts';
import { type Node, nodesFor } from '../decision/scheduler-model.ts';

/** A pod that somebody tried to create in a namespace in `enforce`, and what the API server said. */
export interface Attempt {
  readonly pod: Rendered;
  /** What the namespace's policy has for it while everything works. */
  readonly wanted: 'a place' | 'a refusal';
  /** Absent: no answer came, and nobody can know whether the pod was made. */
  readonly answer?: { readonly status: number; readonly message: string };
}

/** What became of a pod. All but the last three are accounted for. */
export const FATES = {
  steered: 'gridgate bound it to the regions of its policy',
  passed:
    'the API server could not reach or verify gridgate, says so in its audit log, and let the pod pass as it was written',
  refused: 'gridgate refused it, as its policy has it',
  'not made': 'the API server itself refused it, or gave no answer, and there is no such pod',
  broken: 'it is not what its author wrote, or its creation failed by what gridgate answered',
  'against policy': 'gridgate answered, and the pod may run, or was refused, where its policy says otherwise',
  unexplained: 'it was created unsteered, and nobody knows why',
} as const;
export type Fate = keyof typeof FATES;
export const UNACCOUNTED: readonly Fate[] = ['broken', 'against policy', 'unexplained'];

export interface Evidence {
  readonly attempts: readonly Attempt[];
  /** All pods that are there afterwards. */
  readonly pods: readonly Rendered[];
  readonly audit: readonly AuditEvent[];
  readonly nodes: readonly Node[];
  /** Whether a region is one of those that the policy allows. */
  readonly isAllowed: (region: string) => boolean;
}

export interface Account {
  readonly name: string;
  readonly fate: Fate;
  readonly cause: string;
}

const WEBHOOK = 'pods.gridgate.dev';
/** Of the keys by which the API server notes in its audit log whom it did not hear (seen on 1.36). */
const FAILED_OPEN = 'failed-open.mutation.webhook.admission.k8s.io/';
/** With these the API server says that an answer of a webhook was no good. */
const BROKEN_BY_ANSWER = /^Internal error occurred: .*(patch|jsonpatch)|pods\.gridgate\.dev.*(invalid|patch)/i;
const REGION_OF_OUR_DENIAL = /^admission webhook "pods\.gridgate\.dev" denied the request/;

/** What became of each pod, in the order of the attempts. */
export function accountFor({ attempts, pods, audit, nodes, isAllowed }: Evidence): readonly Account[] {
  const stored = new Map(pods.map((pod) => [pod.metadata.name as string, pod]));
  const created = new Map(
    audit
      .filter(({ verb, objectRef }) => verb === 'create' && objectRef?.resource === 'pods' && !objectRef.subresource)
      .map((event) => [event.objectRef?.name ?? '', event]),
  );
  return attempts.map((attempt) => {
    const { name } = attempt.pod.metadata;
    const there = stored.get(name);
    const [fate, cause] = there
      ? fateOfStored(attempt, there, created.get(name), { nodes, isAllowed })
      : fateOfMissing(attempt);
    return { name, fate, cause };
  });
}

type Judged = readonly [fate: Fate, cause: string];

function fateOfMissing({ wanted, answer }: Attempt): Judged {
  if (!answer) return ['not made', 'no answer'];
  const { status, message } = answer;
  if (status < 300) return ['unexplained', 'it was created, and is not there'];
  if (REGION_OF_OUR_DENIAL.test(message))
    return wanted === 'a refusal' ? ['refused', 'denied'] : ['against policy', message];
  return BROKEN_BY_ANSWER.test(message) ? ['broken', message] : ['not made', `${status} of the API server`];
}

function fateOfStored(
  { pod, wanted, answer }: Attempt,
  stored: Rendered,
  event: AuditEvent | undefined,
  { nodes, isAllowed }: Pick<Evidence, 'nodes' | 'isAllowed'>,
): Judged {
  const difference = differenceOf(pod, stored);
  if (difference) return ['broken', difference];
  const isDecided = stored.metadata.annotations?.['gridgate.dev/decision'] !== undefined;
  if (!isDecided) {
    if (failedOpen(event)) return ['passed', 'failed open'];
    // A request that was under way when the API server ended has no event.
    if (!answer && !event) return ['passed', 'the API server ended before it wrote its audit log'];
    return ['unexplained', event ? keysOf(event) : 'no event'];
  }
  if (wanted === 'a refusal') return ['against policy', 'it should have been refused'];
  const region = (node: Node | undefined) => node?.labels[REGION_LABEL] ?? '';
  const open = nodes.filter(({ name }) => nodesFor(stored, nodes).includes(name) && !isAllowed(region(byName(name))));
  const ran = stored.spec.nodeName && region(byName(stored.spec.nodeName));
  if (open.length > 0) return ['against policy', `open to ${open.map(({ name }) => name).join()}`];
  if (ran !== undefined && ran !== '' && !isAllowed(ran)) return ['against policy', `runs in ${ran}`];
  return ['steered', 'decided'];

  function byName(name: string): Node | undefined {
    return nodes.find((node) => node.name === name);
  }
}

/** What the audit log has of webhooks. */
function keysOf({ annotations = {} }: AuditEvent): string {
  return (
    Object.keys(annotations)
      .filter((key) => key.includes('webhook'))
      .join(' ') || 'no webhook was asked'
  );
}

function failedOpen(event: AuditEvent | undefined): boolean {
  return Object.entries(event?.annotations ?? {}).some(
    ([key, value]) => key.startsWith(FAILED_OPEN) && value === WEBHOOK,
  );
}

/** What of its author's the pod has lost. */
function differenceOf(written: Rendered, stored: Rendered): string | undefined {
  const lost = ['image', 'name'].filter(
    (field) => written.spec.containers[0][field] !== stored.spec.containers[0][field],
  );
  const selector = Object.entries(written.spec.nodeSelector ?? {}).filter(
    ([key, value]) => stored.spec.nodeSelector?.[key] !== value,
  );
  const annotations = Object.entries(written.metadata.annotations ?? {}).filter(
    ([key, value]) => stored.metadata.annotations?.[key] !== value,
  );
  const missing = [...lost, ...selector.map(([key]) => key), ...annotations.map(([key]) => key)];
  return missing.length > 0 ? `lost ${missing.join()}` : undefined;
}

/** How many had which fate, and of which cause: `steered 812, passed 31 (failed open 31)`. */
export function summarise(accounts: readonly Account[]): string {
  const groups = Object.groupBy(accounts, ({ fate }) => fate);
  return (Object.keys(FATES) as Fate[])
    .flatMap((fate) => {
      const group = groups[fate];
      if (!group) return [];
      const causes = Object.entries(Object.groupBy(group, ({ cause }) => cause)).map(
        ([cause, of]) => `${cause} ${of?.length}`,
      );
      return [`${fate} ${group.length}${fate === 'steered' ? '' : ` (${causes.slice(0, 4).join('; ')})`}`];
    })
    .join(', ');
}
