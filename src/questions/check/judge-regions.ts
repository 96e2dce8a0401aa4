import { fixedReading, type ObservedRegion, observedReading } from '../../regions/observed-region.ts';
import type { Condition } from '../../regions/region-status.ts';
import { shellCommand } from '../../units/shell-command.ts';
import { itself, nameFew, tellFew } from '../../units/tell-few.ts';
import type { ClusterFacts } from './facts.ts';
import { about, type Finding } from './finding.ts';
import { clockOfCluster } from './judge-clocks.ts';
import { controllersLog } from './names.ts';

const MOST_NAMED = 3;
const MOST_TOLD = 5;

/** Whether there are Regions, what is known of their electricity, and what the leader hears from the sources about all zones. */
export function judgeRegions(facts: ClusterFacts): readonly Finding[] {
  const { regions, invalidRegions, apiServer } = facts;
  return about('Regions', regions, (all) => {
    const check = 'Regions';
    const invalid = tellFew(invalidRegions, MOST_TOLD, itself).map(
      (says): Finding => ({ check, state: 'failed', says }),
    );
    if (all.length === 0) {
      const says = 'there is none: gridgate knows no electricity, and steers nothing by it';
      return [...invalid, { check, state: 'failed', says, todo: 'kubectl apply -f manifests/samples/regions.yaml' }];
    }
    return [...invalid, judgeReadings(all, clockOfCluster(apiServer)), ...judgeSources(all, facts)];
  });
}

/** What counts for each at this moment. */
function judgeReadings(all: readonly ObservedRegion[], now: number): Finding {
  const check = 'Regions';
  const kinds = Map.groupBy(all, (region) => kindOf(region, now));
  const says = `${all.length}: ${[...kinds].map(([kind, ofKind]) => `${ofKind.length} ${kind}`).join(', ')}`;
  const without = kinds.get(NOTHING) ?? [];
  if (without.length === 0) return { check, state: 'ok', says };
  const [first] = without;
  return {
    check,
    state: without.length === all.length ? 'failed' : 'warning',
    says: `${says} (${nameFew(without, MOST_NAMED, ({ metadata }) => metadata.name)})`,
    todo: first && shellCommand`kubectl describe region ${first.metadata.name}`,
  };
}

const NOTHING = 'without a reading';

function kindOf(region: ObservedRegion, now: number): string {
  if (fixedReading(region, now)) return 'fixed';
  const measured = observedReading(region, now);
  if (measured) return measured.freshness === 'stale' ? 'measured, but stale' : 'measured';
  return region.observed?.reading?.freshness === 'embedded' ? 'yearly average' : NOTHING;
}

/**
 * What the leader wrote of the sources, which has their tokens and asks about every region:
 *
 * | gridgate.yaml   | conditions            | answer                                     |
 * | --------------- | --------------------- | ------------------------------------------ |
 * | no source       | any                   | ok, yearly averages                        |
 * | sources         | none at all           | failed: the leader has not asked           |
 * | sources         | some `Failing`        | failed, once for each of their messages    |
 * | sources         | else                  | ok, and how many regions each measures; a warning where they measure none, know no such region, or Regions have values of their own |
 * | cannot be read  | none `Failing`        | not known, said with the configuration     |
 */
function judgeSources(all: readonly ObservedRegion[], { settings, systemNamespace }: ClusterFacts): readonly Finding[] {
  const check = 'sources';
  const failing = all.flatMap((region) => {
    const condition = conditionOf(region, 'SourcesHealthy');
    return condition?.status === 'False' ? [{ name: region.metadata.name, says: condition.message }] : [];
  });
  const names = 'value' in settings && settings.value && 'sources' in settings.value ? settings.value.sources : [];
  if (failing.length > 0) {
    const grouped = [...Map.groupBy(failing, ({ says }) => says)];
    return tellGroups(check, grouped);
  }
  if (names.length === 0) {
    if (!('value' in settings)) return [];
    return [{ check, state: 'ok', says: 'none is configured: yearly averages rank regions, and refuse none' }];
  }
  const asked = all.filter((region) => conditionOf(region, 'SourcesHealthy') !== undefined);
  if (asked.length === 0) {
    const todo = controllersLog(systemNamespace);
    return [{ check, state: 'failed', says: 'the leader has asked none about any region yet', todo }];
  }
  const counts = names.map((name) => all.filter(({ observed }) => observed?.reading?.source === name).length);
  const unknown = all.filter((region) => region.spec.gramsPerKwh === undefined && isUnasked(region));
  const theirs = nameFew(unknown, MOST_NAMED, ({ metadata }) => metadata.name);
  const measures = names.map((name, index) => `${name} measures ${counts[index]}`).join(', ');
  const says = `${measures} of ${all.length} regions${unknown.length === 0 ? '' : `; none of them knows ${theirs}`}`;
  const fixed = all.filter(({ spec }) => spec.gramsPerKwh !== undefined);
  const [first] = fixed;
  if (first === undefined) {
    const isSilent = unknown.length > 0 || counts.every((count) => count === 0);
    const todo = unknown[0] && shellCommand`kubectl describe region ${unknown[0].metadata.name}`;
    return [{ check, state: isSilent ? 'warning' : 'ok', says, ...(todo !== undefined && { todo }) }];
  }
  const why = `spec.gramsPerKwh of ${nameFew(fixed, MOST_NAMED, ({ metadata }) => metadata.name)} counts before any source`;
  return [
    {
      check,
      state: 'warning',
      says: `${says}; ${why}`,
      todo: shellCommand`kubectl edit region ${first.metadata.name}`,
    },
  ];
}

/** Of no source that is configured: the leader had nobody to ask. */
function isUnasked(region: ObservedRegion): boolean {
  return conditionOf(region, 'SourcesHealthy')?.status === 'Unknown';
}

function tellGroups(
  check: string,
  groups: readonly (readonly [string, readonly { readonly name: string }[]])[],
): readonly Finding[] {
  const told = groups.slice(0, MOST_TOLD).map(
    ([says, regions]): Finding => ({
      check,
      state: 'failed',
      says: `${says} (${nameFew(regions, MOST_NAMED, ({ name }) => name)})`,
      todo: regions[0] && shellCommand`kubectl describe region ${regions[0].name}`,
    }),
  );
  const rest = groups.length - told.length;
  return rest > 0 ? [...told, { check, state: 'failed', says: `${rest} more failures of sources` }] : told;
}

function conditionOf({ observed }: ObservedRegion, type: string): Condition | undefined {
  return observed?.conditions?.find((condition) => condition.type === type);
}
