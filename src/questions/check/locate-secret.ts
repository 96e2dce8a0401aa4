import type { NamedSecret } from '../../units/named-secret.ts';
import type { DeploymentFacts, KeyRef, Mount } from './facts.ts';
import { SERVICE } from './names.ts';
import { argumentOf } from './read-deployments.ts';

/** The keys in any of which a secret may be; none where it stands in the Deployment itself or in a volume of another kind. */
export type Located = { readonly candidates: readonly KeyRef[] } | { readonly missing: string };

/** Where the pods of a Deployment have a secret from. */
export function locate({ where }: NamedSecret, deployment: DeploymentFacts): Located {
  return 'env' in where ? locateVariable(where.env, deployment) : locateFile(where.file, deployment);
}

/** The key with the certificate that webhooks serve: the controllers' own, or that of `--cert-file`; none where that is in no Secret. */
export function locateCertificate(deployments: readonly DeploymentFacts[]): KeyRef | undefined {
  const webhook = deployments.find(({ roles }) => roles.includes('webhook'));
  const file = webhook && argumentOf(webhook.args, '--cert-file');
  if (!webhook || file === undefined) return { kind: 'Secret', name: `${SERVICE}-tls`, key: 'tls.crt' };
  const located = locateFile(file, webhook);
  return 'candidates' in located ? located.candidates.find(({ kind }) => kind === 'Secret') : undefined;
}

/** For maps: `Secret gridgate-sources`. */
export function objectOf({ kind, name }: Omit<KeyRef, 'key'>): string {
  return `${kind} ${name}`;
}

function locateVariable(variable: string, { name, variables, variableObjects }: DeploymentFacts): Located {
  const own = variables.get(variable);
  if (own !== undefined) return { candidates: own === 'set' ? [] : [own] };
  const candidates = variableObjects
    .filter(({ prefix }) => variable.startsWith(prefix))
    .map(({ kind, name, prefix }) => ({ kind, name, key: variable.slice(prefix.length) }));
  return candidates.length > 0 ? { candidates } : { missing: `the Deployment ${name} sets no such variable` };
}

function locateFile(file: string, { name, mounts }: DeploymentFacts): Located {
  const mount = mounts
    .filter(({ path }) => file === path || file.startsWith(`${path}/`))
    .toSorted((a, b) => b.path.length - a.path.length)[0];
  if (!mount) return { missing: `the Deployment ${name} mounts nothing there` };
  return mount.from ? locateKey(file.slice(mount.path.length + 1), mount, mount.from) : { candidates: [] };
}

function locateKey(relative: string, { keyOf, path }: Mount, from: Omit<KeyRef, 'key'>): Located {
  if (!keyOf) return { candidates: [{ ...from, key: relative }] };
  const key = keyOf.get(relative);
  return key === undefined
    ? { missing: `what is mounted at ${path} names no key for it` }
    : { candidates: [{ ...from, key }] };
}
