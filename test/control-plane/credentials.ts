import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Somebody the API server knows by a static token. Also fits a service account: `system:serviceaccount:<namespace>:<name>`. */
export type User = {
  readonly name: string;
  readonly groups?: readonly string[];
};

export type IssuedUser = User & { readonly token: string };

export function issueToken(user: User): IssuedUser {
  return { ...user, token: randomBytes(16).toString('hex') };
}

/** Writes the API server's --token-auth-file and returns its path. */
export function writeTokenFile(dir: string, users: readonly IssuedUser[]): string {
  const file = join(dir, 'tokens.csv');
  const lines = users.map(({ token, name, groups = [] }) => `${token},${name},${name},"${groups.join(',')}"\n`);
  writeFileSync(file, lines.join(''), { mode: 0o600 });
  return file;
}

/** Writes the key pair that signs and checks service account tokens, and returns both paths. */
export function writeServiceAccountKeys(dir: string): { publicKeyFile: string; privateKeyFile: string } {
  const publicKeyFile = join(dir, 'service-account.pub');
  const privateKeyFile = join(dir, 'service-account.key');
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(publicKeyFile, publicKey.export({ type: 'spki', format: 'pem' }));
  writeFileSync(privateKeyFile, privateKey.export({ type: 'sec1', format: 'pem' }), { mode: 0o600 });
  return { publicKeyFile, privateKeyFile };
}

/** Writes the user's kubeconfig (as JSON, which YAML includes) and returns its path. */
export function writeKubeconfig(dir: string, user: IssuedUser, cluster: { url: string; caFile: string }): string {
  const file = join(dir, `${encodeURIComponent(user.name)}.kubeconfig`);
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: cluster.url, 'certificate-authority': cluster.caFile } }],
    users: [{ name: user.name, user: { token: user.token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: user.name } }],
    'current-context': 'test',
  };
  writeFileSync(file, JSON.stringify(kubeconfig, null, 2), { mode: 0o600 });
  return file;
}
