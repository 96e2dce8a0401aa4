import { alternatives, bestFirst, cleanest } from '../../decision/judge.ts';
import type { Pod } from '../../decision/pod.ts';
import { comparableReading } from '../../decision/refuse.ts';
import { isUsable } from '../../decision/usable.ts';
import { type EmbodiedPerVcpu, meanEmbodied, podEmbodiedGramsPerHour } from '../../energy/embodied.ts';
import { podGramsPerHour } from '../../energy/emissions.ts';
import { createMachines, type Machines } from '../../energy/machines.ts';
import { requestsOf } from '../../energy/pod-requests.ts';
import { DEFAULT_POWER_TABLE } from '../../energy/power-table.ts';
import type { RequestingSpec } from '../../units/requested-amounts.ts';
import type { World } from '../../world/load-world.ts';
import type { Judged } from './decision-now.ts';
import type { ExplainReport } from './explained.ts';
import { endOf, type FoundObject, hasEnded, type LiveObject } from './read-object.ts';

interface CarbonInput {
  readonly kind: string;
  readonly found: FoundObject;
  readonly pod: Pod;
  readonly world?: World | undefined;
  readonly judged?: Judged | undefined;
}

const { model } = DEFAULT_POWER_TABLE;

/** Operational and embodied grams of what runs; where nothing does, of what is wanted; of one pod where none is. */
export function carbonOf({
  kind,
  found,
  pod,
  world,
  judged,
}: CarbonInput): Pick<ExplainReport, 'gramsPerHour' | 'embodied'> {
  const requests = requestsOf((pod.spec ?? {}) as RequestingSpec);
  const topology = world?.snapshot.topology;
  const nodes = nodesOf(kind, found);
  const running = nodes.map((node) => topology?.byName.get(node)?.region);
  const wanted = kind === 'Pod' ? 1 : wantedOf(kind, found.object, found.creators);
  const pods = running.length || wanted || 1;
  const home = judged?.policy.homeRegion;
  const best = judged && bestRegion(judged);
  const perPod = (name: string | undefined) => {
    const region = name === undefined ? undefined : judged?.snapshot.byName.get(name);
    const reading = region && judged && comparableReading(region, judged.snapshot);
    return reading && podGramsPerHour(requests, { region: region.name, gramsPerKwh: reading.gramsPerKwh }, model);
  };
  const times = (grams: number | undefined) => (grams === undefined ? null : grams * pods);
  const machine = machineOf(nodes, best ?? home, createMachines(topology, DEFAULT_POWER_TABLE));
  return {
    gramsPerHour: {
      pods,
      now: running.length > 0 ? sumOf(running.map(perPod)) : null,
      home: times(perPod(home)),
      best: times(perPod(best)),
      homeRegion: home ?? null,
      bestRegion: best ?? null,
      basis: requests.basis,
    },
    embodied: { ...machine, gramsPerHour: pods * podEmbodiedGramsPerHour(requests, machine) },
  };
}

/** The nodes that its pods run on, one for each pod. */
function nodesOf(kind: string, { object, pods = [] }: FoundObject): readonly string[] {
  const own = hasEnded(object) ? undefined : object.spec?.nodeName;
  const nodes = kind === 'Pod' ? [own] : pods.map(({ nodeName }) => nodeName);
  return nodes.filter((node) => node !== undefined);
}

/** The mean of where they run; before they do, of the region that they would go to. */
function machineOf(nodes: readonly string[], region: string | undefined, machines: Machines): EmbodiedPerVcpu {
  if (nodes.length === 0) return machines.expectedIn(new Map(region === undefined ? [] : [[region, 1]]));
  return meanEmbodied(nodes.map((node) => [machines.ofNode(node), 1]));
}

/** `null` where one of them is not known. */
function sumOf(values: readonly (number | undefined)[]): number | null {
  let sum = 0;
  for (const value of values) {
    if (value === undefined) return null;
    sum += value;
  }
  return sum;
}

function bestRegion({ asIfManaged, snapshot }: Judged): string | undefined {
  const judgement = asIfManaged.steps?.judgement;
  if (!judgement) return undefined;
  if (judgement.candidates.length > 0) return bestFirst(judgement).find((region) => isUsable(region, snapshot))?.name;
  const found = cleanest(alternatives(judgement.treatment, snapshot), snapshot);
  return found && comparableReading(found, snapshot) ? found.name : undefined;
}

/** How many pods are wanted at a time; of a CronJob by its last Job, of one that has ended none. */
export function wantedOf(kind: string, object: LiveObject, creators: FoundObject['creators']): number | null {
  const { spec } = object;
  const [last] = creators;
  if (kind === 'CronJob') return last ? wantedOf('Job', last.object, []) : 0;
  if (kind !== 'Job') return spec?.replicas ?? 1;
  return endOf(kind, object) === undefined ? (spec?.parallelism ?? 1) : 0;
}
