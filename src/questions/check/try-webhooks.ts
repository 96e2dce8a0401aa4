import { randomUUID } from 'node:crypto';
import type { ApiClient } from '../../cluster/api-client.ts';
import { ApiError, messageOf } from '../../cluster/api-error.ts';
import { describeReadFailure } from '../../cluster/read-failure.ts';
import { CHECK_KEY, readCheckAnswer } from '../../decision/check-answer.ts';
import type { NamespaceRecord } from '../../decision/namespace-record.ts';
import { shellCommand } from '../../units/shell-command.ts';
import type { PodsTried, Tried } from './facts.ts';
import type { Seen } from './finding.ts';
import { readWarnings } from './warnings.ts';

const TIMEOUT_MS = 15_000;
/** One that is being deleted takes no pods, nor does one whose account is not there yet. */
const MOST_TRIED = 3;
const BY_GRIDGATE = /^admission webhook "[a-z-]+\.gridgate\.dev" denied the request/;
const NOT_CALLED = /failed calling webhook "[a-z-]+\.gridgate\.dev"/;

type Api = Pick<ApiClient, 'send'>;

/** Asks through a Namespace that is never made: no namespace has to have opted in for that. */
export function tryNamespaces(api: Api): Promise<Tried> {
  const id = randomUUID();
  return tryCreation(api, '/api/v1/namespaces', id, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: `gridgate-check-${id.slice(0, 8)}`, annotations: { [CHECK_KEY]: id } },
  });
}

/** Asks through a pod that is never made, in the namespace that was named or the first ones that opted in. */
export async function tryPods(
  api: Api,
  namespaces: Seen<readonly NamespaceRecord[]>,
  named: string | undefined,
): Promise<PodsTried> {
  const all = 'value' in namespaces ? namespaces.value : undefined;
  if (named !== undefined && all?.find(({ name }) => name === named)?.managed === false) {
    const why = `namespace ${named} has not opted in: no pod of it is sent to gridgate`;
    return { outcome: 'untried', why, todo: shellCommand`kubectl annotate namespace ${named} gridgate.dev/mode=audit` };
  }
  const managed = (all ?? []).filter(({ managed }) => managed).map(({ name }) => name);
  const candidates = named === undefined ? managed.slice(0, MOST_TRIED) : [named];
  let last: PodsTried = untried(all !== undefined);
  for (const namespace of candidates) {
    last = { ...(await tryPod(api, namespace)), namespace };
    if (last.outcome !== 'refused') return last;
  }
  return last;
}

function untried(areNamespacesKnown: boolean): PodsTried {
  if (!areNamespacesKnown)
    return { outcome: 'untried', why: 'which namespaces opted in cannot be read; name one with -n' };
  return {
    outcome: 'untried',
    why: 'no namespace has opted in yet, so no pod is sent to gridgate; the line above went the same way, to another path of it',
    todo: 'kubectl annotate namespace NAME gridgate.dev/mode=audit; gridgate check -n NAME',
  };
}

function tryPod(api: Api, namespace: string): Promise<Tried> {
  const id = randomUUID();
  // As modest as the strictest rules for pods want it: others should have no reason to refuse it.
  const limits = { cpu: '1m', memory: '8Mi' };
  const securityContext = {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  };
  return tryCreation(api, `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`, id, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'gridgate-check-', annotations: { [CHECK_KEY]: id } },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        { name: 'check', image: 'gridgate.invalid/check:1', resources: { limits, requests: limits }, securityContext },
      ],
    },
  });
}

async function tryCreation(api: Api, path: string, id: string, body: object): Promise<Tried> {
  let warnings: readonly string[] = [];
  const started = Date.now();
  let failure: unknown;
  try {
    await api.send('POST', path, {
      contentType: 'application/json',
      body,
      query: { dryRun: 'All' },
      idleTimeoutMs: TIMEOUT_MS,
      onHeaders: ({ warning }) => {
        warnings = readWarnings(warning ?? '');
      },
    });
  } catch (error) {
    failure = error;
  }
  const answer = warnings.map(readCheckAnswer).find((one) => one?.id === id);
  if (answer) return { outcome: 'answered', answer, at: (started + Date.now()) / 2 };
  return failure === undefined ? { outcome: 'silent' } : outcomeOf(failure);
}

function outcomeOf(failure: unknown): Tried {
  const said = failure instanceof ApiError ? failure.said : messageOf(failure);
  if (BY_GRIDGATE.test(said)) return { outcome: 'older' };
  return NOT_CALLED.test(said)
    ? { outcome: 'failed', why: said }
    : { outcome: 'refused', why: describeReadFailure(failure) };
}
