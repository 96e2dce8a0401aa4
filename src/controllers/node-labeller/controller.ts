import type { Logger } from 'pino';
import type { ApiClient } from '../../cluster/api-client.ts';
import type { ApiWriter } from '../../cluster/api-writer.ts';
import { NODES_PATH } from '../../cluster/nodes.ts';
import type { Band } from '../../regions/band.ts';
import type { NodeFacts } from '../../regions/node-facts.ts';
import { CARBON_KEY } from '../../units/label-names.ts';
import { createExpectations } from '../expectations.ts';
import type { Controller } from '../manager.ts';
import { type Clock, createPace, MONOTONIC } from '../pace.ts';
import { createRounds, type Outcome } from '../rounds.ts';
import { writeEach } from '../write-each.ts';
import { bandOfNode, type LabelChange, planLabel } from './plan.ts';
import { createTaintWriter } from './taints.ts';

export const NODE_LABELLER = 'gridgate-node-labeller';

const NODES_PER_SECOND = 10;
const ROUNDS = {
  name: 'node-labeller',
  on: ['nodes', 'snapshot'],
  /** Nobody announces a label changed by hand: this is when it is found. Looking costs no request. */
  resyncMs: 30_000,
  settleMs: 100,
  restMs: 1_000,
} as const;
/** Looking for taints changed by hand is a list of whole nodes. */
const TAINT_CHECK_MS = 60 * 60_000;

export interface NodeLabellerDeps {
  /** The nodes as they are known now; not those of a snapshot, which may show an older label. */
  readonly view: { nodes(): Iterable<NodeFacts>; node(name: string): NodeFacts | undefined };
  /** The band of a region in the current snapshot. Start only once there is one: no band takes the label away. */
  readonly bandOf: (region: string) => Band | undefined;
  /** Bands whose nodes are tainted as well; taints from before are left when there are none. */
  readonly taintedBands: () => readonly Band[];
  readonly api: Pick<ApiClient, 'get'>;
  readonly writer: Pick<ApiWriter, 'apply' | 'mergePatch'>;
  readonly log: Logger;
  readonly clock?: Clock;
}

/** Labels nodes with the band of their region, `gridgate.dev/carbon=<band>`, at most 10 nodes a second; taints on request. */
export function createNodeLabeller(deps: NodeLabellerDeps): Controller {
  const { view, bandOf, taintedBands, api, writer, log, clock = MONOTONIC } = deps;
  const pace = createPace({ perSecond: NODES_PER_SECOND, clock });
  const expectations = createExpectations(clock);
  const taints = createTaintWriter({ api, writer, bandOf: bandOfNamed, taintedBands });
  const wrongTaints = new Set<string>();
  let taintsChecked = { at: Number.NEGATIVE_INFINITY, bands: '' };

  function bandOfNamed(name: string): Band | undefined {
    const node = view.node(name);
    return node && bandOfNode(node, bandOf);
  }

  function dueLabel(node: NodeFacts): LabelChange | undefined {
    const change = planLabel(node, bandOf);
    return change && !expectations.isBehind(node.name, stateAfter(node, change)) ? change : undefined;
  }

  function isDue(name: string): boolean {
    const node = view.node(name);
    return node !== undefined && (wrongTaints.has(name) || dueLabel(node) !== undefined);
  }

  async function write(name: string): Promise<void> {
    const node = view.node(name);
    if (!node) return;
    const change = dueLabel(node);
    if (taintedBands().length > 0) await taints.put(name, bandOfNode(node, bandOf)); // first: a right label says that all is done
    wrongTaints.delete(name);
    if (!change) return;
    await writeLabel(node, change.to);
    expectations.expectChange(name, stateAfter(node, change));
  }

  async function writeLabel({ name, uid }: NodeFacts, band: Band | undefined): Promise<void> {
    const path = `${NODES_PATH}/${encodeURIComponent(name)}`;
    // Not by applying without it: where somebody else set the same label too, it would stay.
    if (band === undefined)
      return void (await writer.mergePatch(path, { metadata: { labels: { [CARBON_KEY]: null } } }));
    // Applying creates what is missing: with the uid, a node that is gone answers 409 instead of coming back as a ghost.
    const metadata = { name, ...(uid !== undefined && { uid }), labels: { [CARBON_KEY]: band } };
    await writer.apply(
      path,
      { apiVersion: 'v1', kind: 'Node', metadata },
      { fieldManager: NODE_LABELLER, force: true },
    );
  }

  async function checkTaints(signal: AbortSignal): Promise<void> {
    const bands = taintedBands().join();
    const isChecked = taintsChecked.bands === bands && clock.now() - taintsChecked.at < TAINT_CHECK_MS;
    if (bands === '' || isChecked) return;
    const found = await taints.findWrong(signal);
    wrongTaints.clear();
    for (const name of found) wrongTaints.add(name);
    taintsChecked = { at: clock.now(), bands };
  }

  async function round(signal: AbortSignal): Promise<Outcome> {
    expectations.forgetOld();
    await checkTaints(signal);
    const items = Array.from(view.nodes(), ({ name }) => name).filter(isDue);
    const outcome = await writeEach({ items, isDue, write, pace, signal });
    if (items.length > 0) log.info({ nodes: items.length }, 'node labels follow the bands of their regions');
    return outcome;
  }

  return createRounds({ ...ROUNDS, round, clock, log });
}

/** The label as the view shows it, and what a write makes of it: another band meanwhile is another state. */
function stateAfter({ uid = '', labels }: NodeFacts, { to }: LabelChange): string {
  return `${uid}/${labels[CARBON_KEY] ?? ''}/${to ?? ''}`;
}
