import { ApiError, messageOf } from './api-error.ts';

const FORBIDDEN = 403;
/** `GET /apis/apps/v1/namespaces/shop/deployments/web`. */
const REQUEST =
  /^(?<method>GET|POST) \/(?:api\/v1|apis\/(?<group>[^/]+)\/[^/]+)(?:\/namespaces\/(?<namespace>[^/]+))?\/(?<resource>[^/]+)(?:\/(?<name>[^/]+))?$/;
/** How the API server begins (k8s.io/apiserver, responsewriters.ForbiddenStatusError); an authorizer may add its own words. */
const USUAL =
  /^\S+ (?:"[^"]*" )?is forbidden: User "(?<user>[^"]*)" cannot \w+ resource "[^"]*" in API group "[^"]*" (?:at the cluster scope|in the namespace "[^"]*")(?:: )?/;
const REGIONS = 'regions.gridgate.dev';
const REGIONS_ROLE = 'the ClusterRole gridgate-view, a part of view, allows it';

/** Why something could not be read, or made, for whoever asked with rights of their own: a right that is missing is named once. */
export function describeReadFailure(error: unknown): string {
  return (error instanceof ApiError && describeRefusal(error)) || messageOf(error);
}

/** `you (dev) may not list pods in namespace shop`. */
function describeRefusal({ status, request, said }: ApiError): string | undefined {
  const { method, group, namespace, resource, name } = (status === FORBIDDEN && REQUEST.exec(request)?.groups) || {};
  if (resource === undefined) return undefined;
  const usual = USUAL.exec(said);
  if (method === 'POST' && !usual) return undefined; // admission refuses as well, in words of its own
  const who = usual?.groups?.['user'] ? `you (${usual.groups['user']})` : 'you';
  const full = group === undefined ? resource : `${resource}.${group}`;
  const verb = method === 'POST' ? 'create' : name === undefined ? 'list' : 'get';
  const what = name === undefined ? `${verb} ${full}` : `${verb} ${full} ${decodeURIComponent(name)}`;
  const where = namespace === undefined ? '' : ` in namespace ${decodeURIComponent(namespace)}`;
  const rest = said.slice(usual?.[0].length ?? 0);
  const remedy = full === REGIONS ? `; ${REGIONS_ROLE}` : '';
  return `${who} may not ${what}${where}${rest === '' ? '' : ` (${rest})`}${remedy}`;
}
