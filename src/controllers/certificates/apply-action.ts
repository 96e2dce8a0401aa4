import { createAuthority, type Issued, issueLeaf, validFor } from '../../certs/authority.ts';
import { isSame } from '../../certs/certificate-set.ts';
import { type ParsedCertificate, toPem } from '../../certs/parsed-certificate.ts';
import type { RotationAction } from '../../certs/rotation.ts';
import { type SecretData, type StoredAuthority, writeAuthority, writeLeaf } from '../../certs/stored-certificates.ts';
import type { ApiWriter } from '../../cluster/api-writer.ts';
import {
  type ClusterState,
  type FoundConfiguration,
  type Names,
  type SecretObject,
  secretsPath,
} from './cluster-state.ts';

export interface Lifetimes {
  readonly authorityMs: number;
  /** Ends with its authority at the latest. */
  readonly leafMs: number;
  /** How long every bundle must have carried a new authority before its first leaf. */
  readonly holdMs: number;
}

export type CertificateWriter = Pick<ApiWriter, 'create' | 'replace' | 'jsonPatch'>;

export interface ApplyDeps {
  readonly writer: CertificateWriter;
  readonly names: Names;
  readonly lifetimes: Lifetimes;
}

/** Writes one action; rejects with an ApiError 409 (Secret) or 422 (configuration) when somebody else wrote in between. */
export async function applyAction(
  { writer, names, lifetimes }: ApplyDeps,
  action: RotationAction,
  state: ClusterState,
  now: number,
): Promise<void> {
  const { namespace, hosts, secrets } = names;
  const putAuthority = (data: SecretData) =>
    putSecret(writer, namespace, { name: secrets.authority, type: 'Opaque', data, found: state.authority });
  switch (action.kind) {
    case 'create-authority': {
      const created = await createAuthority(validFor(lifetimes.authorityMs, now));
      return putAuthority(writeAuthority(created, action.previous));
    }
    case 'issue-leaf': {
      const { certificate, key } = usable(state);
      const validity = validFor(lifetimes.leafMs, now, certificate.notAfter);
      const leaf = await issueLeaf({ cert: certificate.pem, key }, { names: hosts, ...validity });
      const data = writeLeaf(leaf, certificate, action.previousUntil);
      return putSecret(writer, namespace, { name: secrets.leaf, type: 'kubernetes.io/tls', data, found: state.leaf });
    }
    case 'set-previous': {
      const authority = usable(state);
      return putAuthority(writeAuthority(toIssued(authority), action.previous, authority.carriedSince));
    }
    case 'note-carried': {
      const authority = usable(state);
      return putAuthority(writeAuthority(toIssued(authority), authority.previous, action.since));
    }
    case 'write-bundles':
      return patchAll(writer, state.configurations, action.wanted);
    case 'wait':
      return;
  }
}

function usable({ rotation: { authority } }: ClusterState): StoredAuthority {
  if (!authority) throw new Error('the plan needs an authority that is not there');
  return authority;
}

function toIssued({ certificate, key }: StoredAuthority): Issued {
  return { cert: certificate.pem, key };
}

interface SecretWrite {
  readonly name: string;
  readonly type: string;
  readonly data: SecretData;
  readonly found: SecretObject | undefined;
}

/** Creates it, or replaces the version that was read: of two replicas, the second gets a 409 and reads again. */
async function putSecret(
  writer: CertificateWriter,
  namespace: string,
  { name, type, data, found }: SecretWrite,
): Promise<void> {
  const secret = { apiVersion: 'v1', kind: 'Secret' };
  if (found) {
    await writer.replace(`${secretsPath(namespace)}/${name}`, { ...found, ...secret, data });
    return;
  }
  const labels = { 'app.kubernetes.io/managed-by': 'gridgate' };
  await writer.create(secretsPath(namespace), { ...secret, metadata: { name, namespace, labels }, type, data });
}

/** One that cannot be patched keeps none of the others from it. */
async function patchAll(
  writer: CertificateWriter,
  configurations: readonly FoundConfiguration[],
  wanted: readonly ParsedCertificate[],
): Promise<void> {
  const patches = configurations.map((configuration) => patchBundles(writer, configuration, wanted));
  const failed = (await Promise.allSettled(patches)).find((one) => one.status === 'rejected');
  if (failed) throw failed.reason;
}

/** All webhooks of one configuration in one patch, which fails when the configuration is not the one that was read. */
async function patchBundles(
  writer: CertificateWriter,
  { path, resourceVersion, webhooks }: FoundConfiguration,
  wanted: readonly ParsedCertificate[],
): Promise<void> {
  const value = Buffer.from(toPem(wanted), 'utf8').toString('base64');
  const changes = webhooks.flatMap(({ carried }, i) =>
    isSame(carried, wanted) ? [] : [{ op: 'add', path: `/webhooks/${i}/clientConfig/caBundle`, value }],
  );
  if (changes.length === 0) return;
  await writer.jsonPatch(path, [{ op: 'test', path: '/metadata/resourceVersion', value: resourceVersion }, ...changes]);
}
