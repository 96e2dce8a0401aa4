import type { Environment } from '../../config/read-options.ts';
import { compileRules, type PolicyRules } from '../../decision/policy-rules.ts';
import { comparableReading } from '../../decision/refuse.ts';
import { parseRegionPatterns } from '../../decision/region-patterns.ts';
import { providerOf } from '../../energy/provider.ts';
import { CLOUD_ZONES } from '../../regions/cloud-zones.ts';
import type { Snapshot } from '../../regions/snapshot.ts';
import { embeddedReading } from '../../sources/intensity/embedded.ts';
import type { Issues } from '../../terminal/exit-codes.ts';
import { describeRegions, takeSnapshot } from '../../world/load-regions.ts';
import type { SpilloverValues } from './options.ts';

export interface SpilloverRegions {
  readonly snapshot: Snapshot;
  readonly rules: PolicyRules;
  /** What stands in for something, or went wrong at sources, a sentence each. */
  readonly notes: readonly string[];
}

export interface NamedRegions {
  readonly from: readonly string[];
  readonly to: readonly string[];
}

type Values = Pick<
  SpilloverValues,
  'regions' | 'kubeconfig' | 'context' | 'config' | 'policySignal' | 'regionLabel' | 'allow'
>;

/**
 * The regions of a file or a cluster as they are now, with the yearly averages for what nobody describes: regions that are
 * named and, where none is described at all, those of the same cloud that `--allow` matches. Every region that is not
 * known is an issue.
 */
export async function loadSpilloverRegions(
  values: Values,
  named: NamedRegions,
  env: Environment,
): Promise<SpilloverRegions | Issues> {
  // Without a description the names say enough.
  const described = await describeRegions(values, env, 'none');
  if ('issues' in described) return described;
  const names = new Set([...named.from, ...named.to]);
  const isBare = described.regions.length === 0;
  const known = new Set(described.regions.map(({ metadata }) => metadata.name));
  const averages = [...names].filter((name) => !known.has(name) && embeddedReading(name, undefined));
  const matching = isBare ? cloudRegions(values.allow, named).filter((name) => !names.has(name)) : [];
  const added = [...averages, ...matching].map((name) => ({ metadata: { name }, spec: {} }));
  const all = { ...described, regions: [...described.regions, ...added] };
  const { snapshot, failures } = await takeSnapshot(all, values, env);
  const issues = [...names].flatMap((name) => unknownRegion(name, snapshot, named));
  if (issues.length > 0) return { issues };
  const notes = [...failures, ...averageNotes(isBare, averages, snapshot, values.allow)];
  return { snapshot, rules: compileRules(described.config), notes };
}

/** The public regions that the patterns match, of the clouds that the traffic was in. */
function cloudRegions(allow: string | undefined, { from, to }: NamedRegions): readonly string[] {
  const patterns = allow === undefined ? undefined : parseRegionPatterns(allow);
  if (!patterns) return [];
  const providers = new Set([...from, ...to].map(providerOf));
  return [...CLOUD_ZONES.keys()].filter((name) => patterns.matches(name) && providers.has(providerOf(name)));
}

function unknownRegion(name: string, snapshot: Snapshot, { to }: NamedRegions): readonly string[] {
  const region = snapshot.byName.get(name);
  const { policySignal } = snapshot;
  if (!region)
    return [`region ${name}: nobody describes it, and no yearly average is known for it; describe it with --regions`];
  if (!to.includes(name) || comparableReading(region, snapshot)) return [];
  const has = region.reading ? `a reading of ${region.reading.signal}, not ${policySignal}` : 'no reading';
  return [`region ${name}: has ${has}; give it gramsPerKwh or a gridZone, or another --policy-signal`];
}

function averageNotes(
  isBare: boolean,
  averages: readonly string[],
  snapshot: Snapshot,
  allow: string | undefined,
): readonly string[] {
  const onlyAverages = snapshot.regions.every(({ reading }) => !reading || reading.freshness === 'embedded');
  if (isBare)
    return [
      ...(onlyAverages ? ['intensities are yearly averages of 2025; --regions or --kubeconfig say better'] : []),
      ...(allow === undefined
        ? ["only the named regions are known; --allow 'eu-*' or --regions show where else to go"]
        : []),
    ];
  if (averages.length === 0) return [];
  const [first = '', ...others] = averages;
  const names = others.length > 3 ? `${first} and ${others.length} more` : averages.join(', ');
  return [`nobody describes ${names}: the average of the grid zone counts where no source knows better`];
}
