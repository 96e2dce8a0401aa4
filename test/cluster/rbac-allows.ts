import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

interface Granted extends Rule {
  /** Absent: in the whole cluster. */
  readonly namespace?: string;
}

/** One thing that the authorizer is asked about: `delete secrets gridgate-ca in gridgate-system`. */
export interface AskedRight {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly name: string | undefined;
  readonly namespace: string | undefined;
}

/** The rules of all ClusterRoles and Roles of a file. */
export function rulesOf(file: string): readonly Granted[] {
  return parseAllDocuments(readFileSync(file, 'utf8'))
    .map((document) => document.toJS())
    .filter(({ kind }) => kind === 'ClusterRole' || kind === 'Role')
    .flatMap(({ metadata: { namespace }, rules }) =>
      rules.map((rule: Rule) => ({ ...rule, ...(namespace && { namespace }) })),
    );
}

const PATH =
  /^\/(?:api\/v1|apis\/(?<group>[^/]+)\/[^/]+)(?:\/namespaces\/(?<namespace>[^/]+)(?=\/))?\/(?<resource>[^/]+)(?:\/(?<name>[^/]+))?(?:\/(?<sub>[^/]+))?$/;
const VERBS: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };

/** What a request asks the authorizer, as the API server reads it (request.RequestInfoFactory); `undefined` of what everybody may. */
export function rightAsked(method: string, path: string, fieldSelector = ''): AskedRight | undefined {
  const groups = PATH.exec(path)?.groups;
  if (!groups) return undefined;
  const { group = '', namespace, resource = '', name, sub } = groups;
  const selected = /^metadata\.name=([^,]+)$/.exec(fieldSelector)?.[1];
  const verb = method === 'GET' ? (name === undefined ? 'list' : 'get') : (VERBS[method] ?? method);
  const full = sub === undefined ? resource : `${resource}/${sub}`;
  return { verb, group, resource: full, name: name ?? selected, namespace };
}

export function allows(rule: Granted, { verb, group, resource, name, namespace }: AskedRight): boolean {
  return (
    rule.apiGroups.includes(group) &&
    rule.resources.includes(resource) &&
    rule.verbs.includes(verb) &&
    (rule.resourceNames === undefined || (name !== undefined && rule.resourceNames.includes(name))) &&
    (rule.namespace === undefined || rule.namespace === namespace)
  );
}

/** Every single thing that rules allow, apart from one another: `get secrets gridgate-ca`. */
export function each(rules: readonly Granted[]): readonly (Granted & { readonly called: string })[] {
  return rules.flatMap((rule) =>
    rule.resources.flatMap((resource) =>
      rule.verbs.flatMap((verb) =>
        (rule.resourceNames ?? [undefined]).map((name) => ({
          apiGroups: rule.apiGroups,
          resources: [resource],
          verbs: [verb],
          ...(name !== undefined && { resourceNames: [name] }),
          ...(rule.namespace !== undefined && { namespace: rule.namespace }),
          called: [verb, resource, name, rule.namespace && `in ${rule.namespace}`].filter(Boolean).join(' '),
        })),
      ),
    ),
  );
}
