import type { Environment, Origins } from '../../config/read-options.ts';
import type { Snapshot } from '../../regions/snapshot.ts';
import { EXIT, type Issues, reportFailure } from '../../terminal/exit-codes.ts';
import { note, print } from '../../terminal/print.ts';
import { renderData } from '../../terminal/render-data.ts';
import { terminalColumns } from '../../terminal/terminal.ts';
import { HOUR_MS } from '../../units/moment.ts';
import { andMore } from '../../units/tell-few.ts';
import { failoverPolicy } from './failover-plan.ts';
import { type Flow, KWH_PER_GB } from './flow.ts';
import { givenFlows, measuredFlows, type SpilloverFlows } from './flows.ts';
import { spilloverMistakes } from './mistakes.ts';
import type { SpilloverValues } from './options.ts';
import { loadSpilloverRegions, type NamedRegions, type SpilloverRegions } from './regions.ts';
import { renderSpillover } from './render-spillover.ts';
import { type Figure, reportSpillover, type SpilloverReport } from './report.ts';

/** Prints what traffic emitted that moved from a failed region, and where it should have gone. */
export async function spillover(values: SpilloverValues, env: Environment, origins: Origins): Promise<number> {
  const now = Date.now();
  const gathered = await gather(values, env, now);
  if ('issues' in gathered) return reportFailure(gathered);
  const report = reportOf(values, origins, gathered);
  if (!Number.isFinite(report.total.kgCO2e) || !Number.isFinite(report.total.percentOfBaseline))
    return reportFailure({ issues: ['--factor, --kwh-per-gb and --baseline-kg: give numbers that no sum is beyond'] });
  const notes = [...report.notes, ...latencyNotes(values, report)];
  for (const sentence of notes) note(sentence);
  const { output = 'table' } = values;
  await print(
    output === 'table' ? renderSpillover(report, terminalColumns(env)) : renderData({ ...report, notes }, output),
  );
  return EXIT.fine;
}

/** The mistakes in options and in what they name, where single options have mistakes too. */
export async function checkSpillover(values: Partial<SpilloverValues>): Promise<readonly string[]> {
  const now = Date.now();
  // Rows are not blamed for mistakes in --region and --to.
  const given = 'region' in values && 'to' in values ? await givenFlows(values, now) : undefined;
  return [...spilloverMistakes(values, now), ...(given && 'issues' in given ? given.issues : [])];
}

interface Gathered extends SpilloverRegions {
  readonly flows: SpilloverFlows;
}

/** Finds all mistakes first, of options, files and regions; CloudWatch and Prometheus are asked when there are none. */
async function gather(values: SpilloverValues, env: Environment, now: number): Promise<Gathered | Issues> {
  const mistakes = spilloverMistakes(values, now);
  const given = await givenFlows(values, now);
  const ofFlows = given && 'issues' in given ? given.issues : [];
  const named = namesIn(values, given?.flows ?? []);
  const regions = await loadSpilloverRegions(values, named, env);
  const ofRegions = 'issues' in regions ? regions.issues : [];
  const own = [...mistakes, ...ofFlows];
  if (own.length > 0) return { issues: [...own, ...ofRegions] };
  if ('issues' in regions) return regions;
  const flows = given ?? (await measuredFlows(values, now));
  return 'issues' in flows ? flows : { ...regions, flows };
}

function namesIn({ region, to }: SpilloverValues, flows: readonly Flow[]): NamedRegions {
  return {
    from: [...new Set([...(region === undefined ? [] : [region]), ...flows.map((flow) => flow.from)])],
    to: [...new Set([...(to === undefined ? [] : [to]), ...flows.map((flow) => flow.to)])],
  };
}

function reportOf(
  values: SpilloverValues,
  origins: Origins,
  { flows, snapshot, rules, notes }: Gathered,
): SpilloverReport {
  const { allow, maxLatency, baselineKg, start, end } = values;
  return reportSpillover({
    flows: flows.flows,
    snapshot,
    policyFrom: (from) => failoverPolicy({ from, allow, maxLatencyMs: maxLatency }, rules),
    bytesFrom: flows.bytesFrom,
    factor: figure(values.factor, origins.factor, 'what one failover was measured at'),
    kwhPerGb: figure(values.kwhPerGb, origins.kwhPerGb, KWH_PER_GB.measured.source),
    baselineKg,
    startMs: start,
    endMs: end,
    notes: [...flows.notes, ...timingNotes(flows.flows, snapshot), ...notes],
  });
}

/** Values set by hand and yearly averages count for any hour. */
function timingNotes(flows: readonly Flow[], { byName, takenAt }: Snapshot): readonly string[] {
  const isPast = flows.some(({ to, startMs = takenAt }) => {
    const { source, freshness } = byName.get(to)?.reading ?? {};
    return takenAt - startMs > HOUR_MS && source !== 'static' && freshness !== 'embedded';
  });
  return isPast ? ['intensities are those of now, not of when the traffic moved'] : [];
}

/** A region whose latency nobody measured is not refused for it. */
function latencyNotes({ maxLatency }: SpilloverValues, { plans }: SpilloverReport): readonly string[] {
  if (maxLatency === undefined) return [];
  const kept = plans.flatMap(({ regions }) =>
    regions.filter(({ latencyMs, refusal }) => latencyMs === null && !refusal),
  );
  const [first, ...others] = new Set(kept.map(({ region }) => region));
  if (first === undefined) return [];
  const [names, them] = [first + andMore(others.length), others.length > 0 ? 'them' : 'it'];
  return [`no latency from the failed region is known of ${names}: --max-latency does not keep ${them} out`];
}

function figure(value: number, origin: string | undefined, usual: string): Figure {
  return { value, source: origin === undefined ? `${usual} (default)` : `given by ${origin}` };
}
