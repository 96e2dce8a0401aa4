import type { Logger } from 'pino';
import type { ApiWriter } from '../../cluster/api-writer.ts';
import { NAMESPACES_PATH } from '../../cluster/namespaces.ts';
import { NEVER_MANAGED } from '../../decision/managed-label.ts';
import { MANAGED_LABEL, type NamespaceRecord } from '../../decision/namespace-record.ts';
import type { Mode } from '../../decision/policy.ts';
import { createExpectations } from '../expectations.ts';
import type { Controller } from '../manager.ts';
import { type Clock, createPace, MONOTONIC } from '../pace.ts';
import { createRounds, type Outcome } from '../rounds.ts';
import { writeEach } from '../write-each.ts';
import { labelPatch, planLabel } from './plan.ts';

const WRITES_PER_SECOND = 10;
const ROUNDS = {
  name: 'namespace-labeller',
  on: ['namespaces', 'rules'],
  resyncMs: 10 * 60_000,
  settleMs: 100,
  restMs: 1_000,
} as const;

export interface NamespaceLabellerDeps {
  /** The namespaces as they are known now. */
  readonly view: {
    namespaces(): Iterable<NamespaceRecord>;
    namespace(name: string): NamespaceRecord | undefined;
  };
  /** What the annotations ask for: the mode that the webhook at `/namespaces` would find. */
  readonly modeOf: (namespace: NamespaceRecord) => Mode;
  /** Gridgate's own namespace, which is left alone like those of Kubernetes itself. */
  readonly ownNamespace?: string | undefined;
  readonly writer: Pick<ApiWriter, 'mergePatch'>;
  readonly log: Logger;
  readonly clock?: Clock;
}

/**
 * Heals the label `gridgate.dev/managed`, by which the API server selects what it asks the pod webhooks about: the webhook
 * keeps it right at every write, and this after writes that came while gridgate was away or that went around it.
 */
export function createNamespaceLabeller(deps: NamespaceLabellerDeps): Controller {
  const { view, modeOf, ownNamespace, writer, log, clock = MONOTONIC } = deps;
  const excluded = ownNamespace === undefined ? NEVER_MANAGED : new Set([...NEVER_MANAGED, ownNamespace]);
  const pace = createPace({ perSecond: WRITES_PER_SECOND, clock });
  const expectations = createExpectations(clock);

  function due(name: string): { readonly namespace: NamespaceRecord; readonly label: 'true' | 'none' } | undefined {
    const namespace = view.namespace(name);
    if (!namespace || expectations.isBehind(name, namespace.resourceVersion)) return undefined;
    const label = planLabel(namespace, modeOf(namespace), excluded);
    return label && { namespace, label };
  }

  async function write(name: string): Promise<Outcome> {
    const change = due(name);
    if (!change) return 'done';
    const written = await writer.mergePatch(
      `${NAMESPACES_PATH}/${encodeURIComponent(name)}`,
      labelPatch(change.namespace, change.label),
    );
    // A webhook that has yet to read the new configuration puts its own label back. Often no watch tells: where anything else of the
    // object changed by that, as whose field the label is, there is a new version, but none that a reader would hear of.
    if ((written.metadata.labels?.[MANAGED_LABEL] === 'true') !== (change.label === 'true')) return 'again';
    expectations.expectChange(name, change.namespace.resourceVersion);
    log.info({ namespace: name, managed: change.label === 'true' }, 'namespace label healed');
    return 'done';
  }

  async function round(signal: AbortSignal): Promise<Outcome> {
    expectations.forgetOld();
    const items = Array.from(view.namespaces(), ({ name }) => name).filter(due);
    return writeEach({ items, isDue: (name) => due(name) !== undefined, write, pace, signal });
  }

  return createRounds({ ...ROUNDS, round, clock, log });
}
