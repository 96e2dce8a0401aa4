/**
 * `make figures`: how long it takes until what an operator does in an incident has its effect on every pod. Real replicas, two of each
 * role, on a real API server. Every time is judged; with `--smoke`, on machines that others may use, the median of some.
 */
import { randomUUID } from 'node:crypto';
import { REGION_LABEL } from '../builders.ts';
import { skip } from '../control-plane/assets.ts';
import { type LiveCluster, REGIONS_PATH, SYSTEM, startLiveCluster } from '../e2e/live-cluster.ts';
import { pod } from '../e2e/objects.ts';
import { type Figure, keepsLimit, median, report, round } from './figures.ts';

const isSmoke = process.argv.includes('--smoke');
const ROUNDS = isSmoke ? 5 : 15;
/** So many pods at once take the connections to all replicas. */
const AT_ONCE = 8;
const PODS = '/api/v1/namespaces/shop/pods?dryRun=All';
const CONFIG_MAPS = `${SYSTEM}/configmaps`;
const KILL_SWITCH = 'gridgate-kill-switch';
const EFFECT_S = 2;

type Answer = Awaited<ReturnType<LiveCluster['request']>>;

const figures: Figure[] = [];
if (skip) process.stdout.write('skipped: no control plane here; make control-plane builds one\n');
else {
  await using cluster = await startLiveCluster({
    regions: { north: { gramsPerKwh: 40 }, south: { gramsPerKwh: 90 } },
    replicas: { controllers: 2, webhook: 2 },
  });
  await cluster.createNamespace('shop', { mode: 'enforce' });
  await measure(cluster);
  process.exitCode = figures.every(keepsLimit) ? 0 : 1;
}

async function measure({ send, patch, request, waitFor }: LiveCluster): Promise<void> {
  const outage = (spec: object | null) => patch(`${REGIONS_PATH}/north`, { spec: { outage: spec } });
  const inNorth = () => request('POST', PODS, pod(randomUUID(), { nodeSelector: { [REGION_LABEL]: 'north' } }));
  const anywhere = () => request('POST', PODS, pod(randomUUID()));
  const isRefused = ({ status }: Answer) => status === 403;
  const isSteered = ({ body }: Answer) => body.spec?.affinity !== undefined;
  const isCreated = ({ status }: Answer) => status === 201;
  const isLeftAlone = (answer: Answer) => isCreated(answer) && !isSteered(answer);
  const metadata = { name: KILL_SWITCH };
  const steps = [
    ['an outage set by hand', () => outage({ active: true, reason: 'a drill' }), inNorth, isRefused],
    ['that outage cleared', () => outage(null), inNorth, isCreated],
    [
      'the kill switch thrown',
      () => send('POST', CONFIG_MAPS, { metadata, data: { 'max-mode': 'off' } }),
      anywhere,
      isLeftAlone,
    ],
    ['the kill switch gone', () => send('DELETE', `${CONFIG_MAPS}/${KILL_SWITCH}`), anywhere, isSteered],
  ] as const;
  const times = new Map<string, number[]>(steps.map(([what]) => [what, []]));
  await waitFor('pods to be steered', async () => isSteered(await anywhere()) || undefined);
  for (let index = 0; index < ROUNDS; index++)
    for (const [what, act, ask, isSo] of steps) {
      const began = performance.now();
      await act();
      await waitFor(`${what} to count`, async () => {
        const answers = await Promise.all(Array.from({ length: AT_ONCE }, ask));
        return answers.every(isSo) || undefined;
      });
      times.get(what)?.push((performance.now() - began) / 1_000);
    }
  for (const [what, seconds] of times) {
    const [half, most] = [median(seconds), Math.max(...seconds)];
    const name = `${what}, until every pod has it`;
    report(
      figures,
      { name, value: isSmoke ? half : most, unit: 's', limit: EFFECT_S, keep: 'at most' },
      `half of the times within ${round(half)} s, all within ${round(most)}`,
    );
  }
}
