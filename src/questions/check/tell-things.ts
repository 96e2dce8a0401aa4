import { nameFew } from '../../units/tell-few.ts';
import type { ClusterFacts, WaitingThing } from './facts.ts';
import { valueOr } from './finding.ts';

const MOST_NAMED = 3;

export function isWaitingThere({ things }: Pick<ClusterFacts, 'things'>): boolean {
  return valueOr(things, []).length > 0;
}

/** `4 pods and 1 Job wait in lab, etl`; of at least one. */
export function tellThings(things: readonly WaitingThing[]): string {
  const count = (kind: WaitingThing['kind'], one: string) => {
    const { length } = things.filter((thing) => thing.kind === kind);
    return length === 0 ? [] : [`${length} ${one}${length === 1 ? '' : 's'}`];
  };
  const namespaces = [...new Set(things.map(({ namespace }) => namespace))];
  const counted = [...count('Pod', 'pod'), ...count('Job', 'Job')].join(' and ');
  return `${counted} that ${things.length === 1 ? 'waits' : 'wait'} in ${nameFew(namespaces, MOST_NAMED, (name) => name)}`;
}
