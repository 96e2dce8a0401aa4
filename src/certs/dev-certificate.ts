import { randomUUID } from 'node:crypto';
import { readFileSync, renameSync } from 'node:fs';
import { chmod, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { DAY_MS } from '../units/moment.ts';
import { createAuthority, type Issued, issueLeaf, type Validity } from './authority.ts';
import type { KeyPairFiles } from './key-pair.ts';
import { isIssuedBy, isKeyOf, type ParsedCertificate, parseCertificates } from './parsed-certificate.ts';

/** What the API server, a `curl` on the same machine and a test call the webhook. */
export const DEV_CERTIFICATE_NAMES: readonly string[] = [
  'localhost',
  '127.0.0.1',
  '::1',
  'gridgate.gridgate-system',
  'gridgate.gridgate-system.svc',
  'gridgate.gridgate-system.svc.cluster.local',
];

const LIFETIME_MS = 90 * DAY_MS;
/** Two processes that start together may mix their files once, but not three times. */
const ATTEMPTS = 3;
const KEY_MODE = 0o600;

interface DevCertificateFiles extends KeyPairFiles {
  readonly caFile: string;
}

/**
 * Makes sure that `dir` holds tls.crt, tls.key (mode 0600) and ca.crt that belong together, cover all names and have
 * more than a third of their 90 days left; otherwise issues new ones (`created`). Throws the system's error when `dir` is not writable.
 */
export async function ensureDevCertificate({
  dir,
  names = DEV_CERTIFICATE_NAMES,
  clock,
}: {
  readonly dir: string;
  readonly names?: readonly string[];
  readonly clock: () => number;
}): Promise<DevCertificateFiles & { readonly created: boolean }> {
  const files = { certFile: join(dir, 'tls.crt'), keyFile: join(dir, 'tls.key'), caFile: join(dir, 'ca.crt') };
  await mkdir(dir, { recursive: true });
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (await isUsable(files, names, clock())) return { ...files, created: attempt > 0 };
    const notBefore = clock();
    await store(files, await issueCertificate({ names, notBefore, notAfter: notBefore + LIFETIME_MS }));
  }
  throw new Error(`${dir}: the certificate was replaced by another process ${ATTEMPTS} times in a row`);
}

/** Notices files of two issues too, which a process that was killed half-way leaves behind. */
async function isUsable(files: DevCertificateFiles, names: readonly string[], now: number): Promise<boolean> {
  // Synchronous like the renames, so that this process never sees its own store half done.
  const [cert, key, authority] = [files.certFile, files.keyFile, files.caFile].map(readOrNothing);
  const [[leaf], [ca]] = [parseCertificates(cert ?? ''), parseCertificates(authority ?? '')];
  if (!leaf || !ca || !isKeyOf(key ?? '', leaf) || !isIssuedBy(leaf, ca)) return false;
  const { notBefore, notAfter } = leaf;
  const hasLifeLeft = notBefore <= now && notAfter - now > (notAfter - notBefore) / 3;
  if (!hasLifeLeft || !names.every((name) => covers(leaf, name))) return false;
  await closeToOthers(files.keyFile);
  return true;
}

/** What is missing is like what is malformed: issuing anew either helps or fails with the reason. */
function readOrNothing(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function covers({ x509 }: ParsedCertificate, name: string): boolean {
  return (isIP(name) === 0 ? x509.checkHost(name, { subject: 'never' }) : x509.checkIP(name)) !== undefined;
}

async function closeToOthers(keyFile: string): Promise<void> {
  const { mode } = await stat(keyFile);
  if ((mode & 0o077) !== 0) await chmod(keyFile, KEY_MODE);
}

async function store(files: DevCertificateFiles, issued: IssuedCertificate): Promise<void> {
  const writes = [
    { file: files.caFile, text: issued.ca, mode: 0o644 },
    { file: files.keyFile, text: issued.key, mode: KEY_MODE },
    { file: files.certFile, text: issued.cert, mode: 0o644 },
  ].map((write) => ({ ...write, temporary: `${write.file}.${randomUUID()}.tmp` }));
  try {
    for (const { temporary, text, mode } of writes) await writeFile(temporary, text, { mode, flag: 'wx' });
    // Synchronous, one right after the other: nobody who reads in between gets files of two issues for long.
    for (const { temporary, file } of writes) renameSync(temporary, file);
  } finally {
    for (const { temporary } of writes) await rm(temporary, { force: true });
  }
}

/** All PEM. */
export interface IssuedCertificate extends Issued {
  readonly ca: string;
}

/** Issues a server certificate from a new authority whose private key is dropped: nobody can ever issue a second one. */
export async function issueCertificate(
  issue: Validity & { readonly names: readonly string[] },
): Promise<IssuedCertificate> {
  const authority = await createAuthority(issue, 'gridgate development CA');
  return { ca: authority.cert, ...(await issueLeaf(authority, issue)) };
}
