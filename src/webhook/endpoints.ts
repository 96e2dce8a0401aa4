import { isDaemonOwner } from '../decision/exempt.ts';
import type { Mode, Policy } from '../decision/policy.ts';
import type { PolicyRules } from '../decision/policy-rules.ts';
import type { WaitingFacts } from '../decision/waiting.ts';
import { isWorkload } from '../decision/workload.ts';
import type { Snapshot } from '../regions/snapshot.ts';
import { type Answer, writeAnswer } from './answer.ts';
import { answerCheck } from './answer-check.ts';
import type { PolicyFinder } from './find-policy.ts';
import type { Recorder } from './recorder.ts';
import { parseReview, type Review, ReviewError } from './review.ts';
import type { BindingGuard } from './review-binding.ts';
import { reviewJob } from './review-job.ts';
import { reviewNamespace } from './review-namespace.ts';
import { type Moment, passed, reviewPod, type VolumeLookup } from './review-pod.ts';
import { reviewWorkload } from './review-workload.ts';

export interface EndpointDeps {
  readonly snapshot: () => Snapshot;
  readonly policies: PolicyFinder;
  /** What the configuration says of policies. */
  readonly rules: () => PolicyRules;
  readonly bindings: BindingGuard;
  /** Absent: nothing is known of volumes, and none holds a pod. */
  readonly volumes?: VolumeLookup | undefined;
  /** What is known of waiting at this moment; absent: nothing waits. */
  readonly waiting?: (() => WaitingFacts) | undefined;
  readonly recorder: Recorder;
  /** The cluster's kill switch; absent: there is none. */
  readonly modeCap?: (() => Mode | undefined) | undefined;
  /** Epoch milliseconds. */
  readonly clock: () => number;
}

/** Answers a body posted to an endpoint, of which so much time is left. Never throws: what goes wrong is an answer, too. */
export type Endpoint = (body: Buffer, leftMs: number, send: Send) => void;
/** `problem`: why it is no AdmissionReview. */
type Send = (statusCode: number, payload: Buffer, problem?: string) => void;

/** Where `gridgate check` asks; the final pod and bindings need no second answer. */
const CHECKED: ReadonlySet<string> = new Set(['/mutate', '/namespaces']);

type Answering = (review: Review, policy: Policy | undefined, moment: Moment) => Answer;

/** The four HTTPS endpoints by path, apart from any server. */
export function createEndpoints(deps: EndpointDeps): ReadonlyMap<string, Endpoint> {
  const { bindings, clock, rules, modeCap = () => undefined } = deps;
  const say = () => ({ regions: deps.snapshot().regions.length, now: clock() });

  /** Has a review answered, and fails open: what goes wrong inside lets the pod pass, and says so. */
  function endpoint(
    path: string,
    answerReview: (review: Review, leftMs: number) => Promise<Answer> | Answer,
  ): [string, Endpoint] {
    const isAsked = CHECKED.has(path);
    const checked = (to: Review, answer: Answer) => (isAsked ? answerCheck(to, answer, say) : answer);
    return [
      path,
      (body, leftMs, send) => {
        const started = performance.now();
        let review: Review | undefined;
        let isAnswered = false;
        const finish = (to: Review, answer: Answer) => {
          const payload = Buffer.from(writeAnswer(to.uid, answer));
          isAnswered = true;
          send(200, payload);
          deps.recorder.record(path, to, answer.outcome, performance.now() - started);
        };
        const fail = (error: unknown) => {
          // The answer is sent: an error in counting it changes nothing.
          if (isAnswered) return;
          if (error instanceof ReviewError) send(400, failure(error.message, error.uid), error.message);
          else if (review) finish(review, passed(review, 'internal_error', undefined, undefined, error));
          else send(500, failure('gridgate failed inside'));
        };
        try {
          const parsed = parseReview(body);
          review = parsed;
          const answer = answerReview(parsed, leftMs);
          if (answer instanceof Promise) answer.then((late) => finish(parsed, checked(parsed, late))).catch(fail);
          else finish(parsed, checked(parsed, answer));
        } catch (error) {
          fail(error);
        }
      },
    ];
  }

  function judging(path: string, answering: Answering): [string, Endpoint] {
    return endpoint(path, (review, leftMs) => {
      const cap = modeCap();
      // Before any policy is looked up: the kill switch must work whatever is wrong with policies or decisions.
      if (cap === 'off') return passed(review, 'switched_off', { mode: 'off' });
      const answerUnder = (policy: Policy | undefined) => {
        try {
          const snapshot = deps.snapshot();
          const waiting = deps.waiting?.();
          return answering(review, policy, { snapshot, now: clock(), volumesOf: deps.volumes, modeCap: cap, waiting });
        } catch (error) {
          if (error instanceof ReviewError) throw error;
          return passed(review, 'internal_error', policy, undefined, error);
        }
      };
      const found = deps.policies.find(review.namespace, clock() + leftMs);
      return found instanceof Promise ? found.then(answerUnder) : answerUnder(found);
    });
  }

  return new Map([
    judging('/mutate', (review, policy, moment) =>
      isJob(review) ? reviewJob(review, policy, moment) : reviewPod(review, policy, moment, false),
    ),
    judging('/validate', (review, policy, moment) =>
      makesPods(review, policy) ? reviewWorkload(review, policy, moment) : reviewPod(review, policy, moment, true),
    ),
    judging('/validate-binding', bindings.review),
    endpoint('/namespaces', (review) => reviewNamespace(review, rules(), deps.snapshot())),
  ]);
}

function isJob({ group, kind }: Review): boolean {
  return group === 'batch' && kind === 'Job';
}

/** Kinds of daemon sets that the configuration adds are judged where somebody registers them. */
function makesPods({ group, kind }: Review, policy: Policy | undefined): boolean {
  return isWorkload(group, kind) || (policy !== undefined && isDaemonOwner(group, kind, policy));
}

/** What a caller gets instead of an AdmissionReview. */
export function failure(error: string, uid?: string): Buffer {
  return Buffer.from(JSON.stringify({ error, ...(uid && { uid }) }));
}
