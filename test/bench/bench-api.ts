/**
 * `make bench-api`: what gridgate, the same work in CEL and a constant answer cost a pod creation through the real API
 * server, as ratios in one run. With --smoke one short round runs and only wrong answers and failed requests count.
 *
 * Nothing is pinned to a processor: the API server spreads over all it finds, and what a webhook takes from it, or a
 * policy from its other requests, is part of what is measured.
 */
import { type BenchCluster, benchPod, podsPath, STEERED_BY, type SteeredBy, startBenchCluster } from './api-cluster.ts';
import { assertSameWork } from './api-same-work.ts';
import { type Figure, keepsLimit, median, report, round as shown } from './figures.ts';

interface Round {
  readonly medianMs: ReadonlyMap<SteeredBy, number>;
  readonly perSecond: ReadonlyMap<SteeredBy, number>;
}

const smoke = process.argv.includes('--smoke');
const ROUNDS = smoke ? 1 : 7;
const CREATIONS = smoke ? 40 : 400;
const SECONDS = smoke ? 0.3 : 3;
const CLIENTS = 16;
const NAMES = { cel: 'CEL', constant: 'a constant answer' } as const;

const figures: Figure[] = [];
await using cleanup = new AsyncDisposableStack();
const cluster = await startBenchCluster(cleanup);
const cases = await assertSameWork(cluster);
process.stdout.write(`     ${cases} pods become the same under gridgate and under CEL\n`);
reportRounds(await measureRounds(cluster));
const over = figures.filter((figure) => !keepsLimit(figure));
process.stdout.write(`${figures.length} figures, ${over.length} over their limit\n`);
process.exitCode = over.length > 0 && !smoke ? 1 : 0;

/** Alternating, each round begun by another one: whatever drifts hits all alike. The first round only warms up. */
async function measureRounds({ client }: BenchCluster): Promise<readonly Round[]> {
  const body = await benchPod();
  // Both fail open: a creation that nobody steered would be the fastest of all.
  const create = async (steeredBy: SteeredBy) => {
    const { status, body: answer } = await client.post(podsPath(steeredBy), body);
    if (status !== 201 || answer.includes('gridgate.dev/decision') !== (steeredBy !== 'none'))
      throw new Error(`a creation steered by ${steeredBy} answers ${status}: ${answer}`);
  };
  const rounds: Round[] = [];
  for (let index = -1; index < ROUNDS; index++) {
    const order = STEERED_BY.map((_, offset) => STEERED_BY[(index + 1 + offset) % STEERED_BY.length] ?? 'none');
    const medianMs = new Map<SteeredBy, number>();
    for (const steeredBy of order) medianMs.set(steeredBy, await createInSequence(() => create(steeredBy)));
    const perSecond = new Map<SteeredBy, number>();
    for (const steeredBy of order) perSecond.set(steeredBy, await createConcurrently(() => create(steeredBy)));
    if (index >= 0) rounds.push({ medianMs, perSecond });
  }
  return rounds;
}

/** Median milliseconds of a creation, one after the other. */
async function createInSequence(create: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let index = 0; index < CREATIONS; index++) {
    const started = performance.now();
    await create();
    times.push(performance.now() - started);
  }
  return median(times);
}

/** Creations per second with 16 streams in flight. */
async function createConcurrently(create: () => Promise<void>): Promise<number> {
  const started = performance.now();
  let created = 0;
  const elapsed = () => performance.now() - started;
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      while (elapsed() < SECONDS * 1000) {
        await create();
        created++;
      }
    }),
  );
  return (created * 1000) / elapsed();
}

function reportRounds(rounds: readonly Round[]): void {
  const over = (pick: (round: Round) => number) => median(rounds.map(pick));
  const ms = (steeredBy: SteeredBy) => over(({ medianMs }) => medianMs.get(steeredBy) ?? 0);
  const added = (steeredBy: SteeredBy) =>
    over(({ medianMs }) => (medianMs.get(steeredBy) ?? 0) - (medianMs.get('none') ?? 0));
  const rate = (steeredBy: SteeredBy) => over(({ perSecond }) => perSecond.get(steeredBy) ?? 0);
  for (const [against, most, least] of [
    ['cel', 0.95, 1.2],
    ['constant', 1.08, 0.95],
  ] as const) {
    report(
      figures,
      {
        name: `median pod creation, gridgate against ${NAMES[against]}`,
        value: over(({ medianMs }) => (medianMs.get('gridgate') ?? 0) / (medianMs.get(against) ?? 0)),
        unit: 'times',
        limit: most,
        keep: 'at most',
      },
      `none ${shown(ms('none'))} ms, gridgate adds ${shown(added('gridgate'))}, ${NAMES[against]} adds ${shown(added(against))}`,
    );
    report(
      figures,
      {
        name: `pod creations per second, ${CLIENTS} clients, gridgate against ${NAMES[against]}`,
        value: over(({ perSecond }) => (perSecond.get('gridgate') ?? 0) / (perSecond.get(against) ?? 0)),
        unit: 'times',
        limit: least,
        keep: 'at least',
      },
      `none ${shown(rate('none'))}/s, gridgate ${shown(rate('gridgate'))}/s, ${NAMES[against]} ${shown(rate(against))}/s`,
    );
  }
}
