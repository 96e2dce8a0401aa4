import { quoted } from '../../decision/policy-annotations.ts';
import { EXPLAINED_KINDS, type ExplainedKind } from './options.ts';

/** A kind as the API writes and serves it. */
export interface KindInApi {
  readonly kind: string;
  readonly group: '' | 'apps' | 'batch';
  readonly plural: string;
}

export interface ExplainTarget extends KindInApi {
  readonly namespace: string;
  readonly name: string;
}

const IN_API: Readonly<Record<ExplainedKind, KindInApi & { readonly short: string }>> = {
  pod: { kind: 'Pod', group: '', plural: 'pods', short: 'po' },
  deployment: { kind: 'Deployment', group: 'apps', plural: 'deployments', short: 'deploy' },
  replicaset: { kind: 'ReplicaSet', group: 'apps', plural: 'replicasets', short: 'rs' },
  statefulset: { kind: 'StatefulSet', group: 'apps', plural: 'statefulsets', short: 'sts' },
  job: { kind: 'Job', group: 'batch', plural: 'jobs', short: 'job' },
  cronjob: { kind: 'CronJob', group: 'batch', plural: 'cronjobs', short: 'cj' },
};

const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
const API_VERSION = 'v1';
const DAEMON_SETS = /^(?:daemonsets?|ds)(?:\.(?:v1\.)?apps)?$/i;

/** What the command line asks about: `KIND NAME` or `KIND/NAME`; kinds as kubectl takes them, with their group or without. */
export function parseTarget(
  [first = '', ...rest]: readonly string[],
  namespace: string,
): ExplainTarget | { readonly issues: readonly string[] } {
  const slash = first.indexOf('/');
  const written = slash < 0 ? first : first.slice(0, slash);
  const [name, ...more] = slash < 0 ? rest : [first.slice(slash + 1), ...rest];
  const found = findKind(written);
  const issues = [
    ...(found ? [] : [`KIND: ${quoted(written)} is not one of ${EXPLAINED_KINDS.join(', ')}${adviceFor(written)}`]),
    ...(name === undefined ? ['NAME: is missing; write KIND NAME or KIND/NAME'] : []),
    ...(name !== undefined && !NAME.test(name) ? [`NAME: ${quoted(name)} is not a name that an object can have`] : []),
    ...(more.length > 0 ? [`${quoted(more.join(' '))}: is too much; the name stands before it`] : []),
  ];
  if (issues.length > 0 || !found || name === undefined) return { issues };
  const { kind, group, plural } = IN_API[found];
  return { kind, group, plural, namespace, name };
}

function findKind(written: string): ExplainedKind | undefined {
  const [type = '', ...rest] = written.toLowerCase().split('.');
  const group = rest.filter((part, index) => index > 0 || part !== API_VERSION).join('.');
  return EXPLAINED_KINDS.find((kind) => {
    const { plural, short, group: own } = IN_API[kind];
    return [kind, plural, short].includes(type) && (rest.length === 0 || group === own);
  });
}

function adviceFor(written: string): string {
  return DAEMON_SETS.test(written) ? '; its pods belong to their nodes, ask about one of them' : '';
}

/** Where objects of a kind are served. */
export function collectionPath({ group, plural }: KindInApi, namespace: string): string {
  const root = group === '' ? '/api/v1' : `/apis/${group}/v1`;
  return `${root}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
}

/** A kind as a message calls it: `pod`. */
export function kindInWords({ kind }: Pick<KindInApi, 'kind'>): string {
  return kind.toLowerCase();
}

export function inApi(kind: ExplainedKind): KindInApi {
  return IN_API[kind];
}
