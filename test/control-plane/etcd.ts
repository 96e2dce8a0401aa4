import { basename, join } from 'node:path';
import type { Component, Launcher } from './component.ts';
import { startComponent } from './component.ts';
import { pollUntil } from './poll.ts';
import { findFreePort } from './ports.ts';

const PROBE_TIMEOUT_MS = 2_000;

/** Starts an etcd of one member that forgets everything with its folder, and waits until it answers as itself. */
export async function startEtcd(
  launcher: Launcher,
  extraFlags: readonly string[],
  deadlineMs: number,
): Promise<{ etcd: Component; etcdUrl: string }> {
  const memberName = basename(launcher.dir);
  const etcdUrl = `http://127.0.0.1:${await findFreePort()}`;
  const peerUrl = `http://127.0.0.1:${await findFreePort()}`;
  const etcd = startComponent(launcher, 'etcd', [
    `--name=${memberName}`,
    `--data-dir=${join(launcher.dir, 'etcd-data')}`,
    `--listen-client-urls=${etcdUrl}`,
    `--advertise-client-urls=${etcdUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=${memberName}=${peerUrl}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
    ...extraFlags,
  ]);
  try {
    await pollUntil({
      what: `etcd to answer on ${etcdUrl} as ${memberName}`,
      // An API server happily joins somebody else's etcd, so that an answer is not enough: it must be from ours.
      probe: async () => ((await memberNames(etcdUrl)).includes(memberName) ? true : undefined),
      deadlineMs,
      failure: etcd.failure,
    });
  } catch (error) {
    await etcd.stop();
    throw error;
  }
  return { etcd, etcdUrl };
}

/** Answers only once a leader is elected, as listing members is a linearizable read. */
async function memberNames(etcdUrl: string): Promise<string[]> {
  const response = await fetch(`${etcdUrl}/v3/cluster/member/list`, {
    method: 'POST',
    body: '{}',
    signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`etcd answers ${response.status}`);
  const { members } = (await response.json()) as { members?: readonly { name?: string }[] };
  return (members ?? []).flatMap(({ name }) => name ?? []);
}
