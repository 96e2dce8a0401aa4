import { readFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import fastJsonPatch from 'fast-json-patch';
import { decide } from '../../src/decision/decide.ts';
import { effectOf } from '../../src/decision/effect.ts';
import type { PatchOperation } from '../../src/decision/patch.ts';
import { parsePolicy } from '../../src/decision/policy-annotations.ts';
import { buildSnapshot } from '../../src/regions/build-snapshot.ts';
import { embeddedReading } from '../../src/sources/intensity/embedded.ts';
import { readCluster, readRegions } from '../../src/world/read-files.ts';
import { type Address, send } from '../webhook/client.ts';
import type { CapturedReview } from './workload.ts';

interface Answered {
  readonly response: { readonly uid: string; readonly allowed: boolean; readonly patch?: string };
}

const REGION_LABEL = 'topology.kubernetes.io/region';

/** Answers to so many reviews of a file, one after the other, beside whatever else is asked. */
export async function sampleAnswers(address: Address, bodiesFile: string, count: number): Promise<readonly string[]> {
  const bodies = (await readFile(bodiesFile, 'utf8')).split('\n');
  const agent = new Agent({ keepAlive: true });
  const answers: string[] = [];
  for (let index = 0; index < count; index++)
    answers.push((await send(address, '/mutate?timeout=2s', bodies[index % bodies.length] ?? '', { agent })).body);
  agent.destroy();
  return answers;
}

/** How many answers are not what `admit` would decide under any of the given versions of the regions. */
export async function countWrongAnswers(
  answers: readonly string[],
  reviews: readonly CapturedReview[],
  regionsFiles: readonly string[],
  namespacesFile: string,
): Promise<number> {
  const byUid = new Map(reviews.map((review) => [review.request.uid, review]));
  const expected = await Promise.all(regionsFiles.map((file) => deciderFor(file, namespacesFile)));
  return answers.filter((answer) => {
    const { response } = JSON.parse(answer) as Answered;
    const review = byUid.get(response.uid);
    return !review || !expected.some((decideReview) => decideReview(review) === outcome(review, response));
  }).length;
}

async function deciderFor(regionsFile: string, namespacesFile: string): Promise<(review: CapturedReview) => string> {
  const regions = (await readRegions(regionsFile)).value;
  const { namespaces } = (await readCluster(namespacesFile, REGION_LABEL)).value;
  const now = Date.now();
  const snapshot = buildSnapshot({
    regions,
    regionsReadAt: now,
    fallbackReading: embeddedReading,
    regionLabel: REGION_LABEL,
    policySignal: 'average-lifecycle',
    now,
  });
  return ({ request: { namespace, object } }) => {
    const { policy } = parsePolicy(namespaces.get(namespace)?.annotations ?? {});
    const { allowed, patch } = effectOf(decide({ pod: object, policy, snapshot, now }), policy.mode);
    return describe(object, allowed, patch);
  };
}

function outcome({ request: { object } }: CapturedReview, { allowed, patch }: Answered['response']): string {
  const operations =
    patch === undefined ? [] : (JSON.parse(Buffer.from(patch, 'base64').toString()) as PatchOperation[]);
  return describe(object, allowed, operations);
}

/** The admitted pod, without the moment of the snapshot. */
function describe(pod: object, allowed: boolean, patch: readonly PatchOperation[]): string {
  const { newDocument } = fastJsonPatch.applyPatch(structuredClone(pod), structuredClone(patch) as never);
  return `${allowed} ${JSON.stringify(newDocument).replace(/\\"at\\":\\"[^"]*\\"/, '')}`;
}
