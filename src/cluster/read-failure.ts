import { ApiError, messageOf } from './api-error.ts';

const FORBIDDEN = 403;
const NOT_FOUND = 404;
/** `GET /apis/apps/v1/namespaces/shop/deployments/web`. */
const REQUEST =
  /^(?<method>[A-Z]+) \/(?:api\/v1|apis\/(?<group>[^/]+)\/[^/]+)(?:\/namespaces\/(?<namespace>[^/]+))?\/(?<resource>[^/]+)(?:\/(?<name>[^/]+))?(?<status>\/status)?$/;
/** As RBAC names them; a GET without a name lists. */
const VERBS: Readonly<Record<string, string>> = {
  GET: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};
/** How the API server begins (k8s.io/apiserver, responsewriters.ForbiddenStatusError); an authorizer may add its own words. */
const USUAL =
  /^\S+ (?:"[^"]*" )?is forbidden: User "(?<user>[^"]*)" cannot \w+ resource "[^"]*" in API group "[^"]*" (?:at the cluster scope|in the namespace "[^"]*")(?:: )?/;
const REGIONS = 'regions.gridgate.dev';
const REGIONS_ROLE = 'the ClusterRole gridgate-view, a part of view, allows it where it is bound in the whole cluster';

/** Why something could not be read or written, for whoever asked with rights of their own: a right that is missing is named once. */
export function describeReadFailure(error: unknown): string {
  return (error instanceof ApiError && describeRefusal(error)) || messageOf(error);
}

/** The status of the API server's refusal, also where another error names it as its cause; `undefined` of any other error. */
export function statusOfRead(error: unknown): number | undefined {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return cause instanceof ApiError ? cause.status : undefined;
}

/** Whether it is what the caller may not see, or what the cluster does not have. */
export function isUnseen(error: unknown): boolean {
  const status = statusOfRead(error);
  return status === FORBIDDEN || status === NOT_FOUND;
}

/** Whether a right is missing; admission and proxies answer 403 as well, to one object or to all. */
export function lacksRight({ status, said }: ApiError): boolean {
  return status === FORBIDDEN && USUAL.test(said);
}

/** `you (dev) may not list pods in namespace shop`. */
function describeRefusal({ status, request, said }: ApiError): string | undefined {
  const asked = (status === FORBIDDEN && REQUEST.exec(request)?.groups) || {};
  const { method = '', group, namespace, resource, name, status: subresource = '' } = asked;
  if (resource === undefined) return undefined;
  const usual = USUAL.exec(said);
  if (method !== 'GET' && !usual) return undefined; // admission refuses as well, in words of its own
  const who = usual?.groups?.['user'] ? `you (${usual.groups['user']})` : 'you';
  const full = group === undefined ? resource : `${resource}.${group}`;
  const verb = method === 'GET' && name === undefined ? 'list' : VERBS[method];
  const what = `${verb} ${full}${subresource}${name === undefined ? '' : ` ${decodeURIComponent(name)}`}`;
  const where = namespace === undefined ? '' : ` in namespace ${decodeURIComponent(namespace)}`;
  const rest = said.slice(usual?.[0].length ?? 0);
  const remedy = full === REGIONS && method === 'GET' ? `; ${REGIONS_ROLE}` : '';
  return `${who} may not ${what}${where}${rest === '' ? '' : ` (${rest})`}${remedy}`;
}
