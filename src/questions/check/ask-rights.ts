import type { ApiClient } from '../../cluster/api-client.ts';
import { describeReadFailure } from '../../cluster/read-failure.ts';
import { inParallel } from '../../units/in-parallel.ts';
import type { DeploymentFacts, RightsAsked, RightsOfAccount } from './facts.ts';
import type { Seen } from './finding.ts';
import { argumentOf } from './read-deployments.ts';
import { OPT_INS, type Places, type Right, rightsOf, tellRight, type Work } from './rights.ts';

const PATH = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
const TIMEOUT_MS = 15_000;
/** As many questions at once: the API server rations them. */
const AT_ONCE = 8;

interface Account extends Work {
  readonly name: string;
}

/** The accounts of the manifests, where no Deployment says which. */
const USUAL: readonly Account[] = [
  { name: 'gridgate', roles: ['webhook'], checksBindings: false },
  { name: 'gridgate-controllers', roles: ['controllers'], checksBindings: false },
];

/** Asks the authorizer what each account may do of what its roles need; never rejects. */
export function askRights(
  api: Pick<ApiClient, 'send'>,
  deployments: readonly DeploymentFacts[],
  places: Places,
): Promise<readonly RightsOfAccount[]> {
  const { systemNamespace } = places;
  const said = deployments.map(({ account, roles, args }) => ({
    name: account,
    roles,
    checksBindings: args.some((arg) => /^--check-bindings(=true)?$/.test(arg)),
    keepsCertificates:
      argumentOf(args, '--manage-certificates') !== 'false' && argumentOf(args, '--cert-file') === undefined,
    optIns: Object.keys(OPT_INS).filter((option) => ['on', 'audit'].includes(argumentOf(args, option) ?? 'off')),
  }));
  return Promise.all(
    (said.length > 0 ? said : USUAL).map(async ({ name, ...work }) => ({
      account: `${systemNamespace}/${name}`,
      roles: work.roles,
      asked: await askAll(api, name, systemNamespace, rightsOf(work, places)),
    })),
  );
}

async function askAll(
  api: Pick<ApiClient, 'send'>,
  account: string,
  namespace: string,
  rights: readonly Right[],
): Promise<Seen<RightsAsked>> {
  const missing: string[] = [];
  try {
    await inParallel(rights, AT_ONCE, async (right) => {
      if (!(await isAllowed(api, account, namespace, right))) missing.push(tellRight(right));
    });
    const order = rights.map(tellRight);
    return { value: { count: rights.length, missing: order.filter((told) => missing.includes(told)) } };
  } catch (error) {
    return { unread: describeReadFailure(error) };
  }
}

async function isAllowed(
  api: Pick<ApiClient, 'send'>,
  account: string,
  namespace: string,
  { namespace: where, ...right }: Right,
): Promise<boolean> {
  const spec = {
    user: `system:serviceaccount:${namespace}:${account}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    resourceAttributes: { ...right, ...(where !== undefined && { namespace: where }) },
  };
  const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec };
  const options = { contentType: 'application/json', body, idleTimeoutMs: TIMEOUT_MS };
  const answer = (await api.send('POST', PATH, options)) as { readonly status?: { readonly allowed?: boolean } };
  return answer.status?.allowed === true;
}
