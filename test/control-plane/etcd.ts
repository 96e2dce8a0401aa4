import { basename, join } from 'node:path';
import type { Component, Launcher } from './component.ts';
import { startComponent } from './component.ts';
import { pollUntil } from './poll.ts';
import { findFreePort } from './ports.ts';

const PROBE_TIMEOUT_MS = 2_000;

/** Everything that stays the same when etcd starts again: its data, too. */
export type EtcdPlan = { readonly url: string; readonly memberName: string; readonly flags: readonly string[] };

/** Chooses ports and flags of an etcd of one member that forgets everything with its folder. */
export async function planEtcd(dir: string, extraFlags: readonly string[]): Promise<EtcdPlan> {
  const memberName = basename(dir);
  const url = `http://127.0.0.1:${await findFreePort()}`;
  const peerUrl = `http://127.0.0.1:${await findFreePort()}`;
  const flags = [
    `--name=${memberName}`,
    `--data-dir=${join(dir, 'etcd-data')}`,
    `--listen-client-urls=${url}`,
    `--advertise-client-urls=${url}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=${memberName}=${peerUrl}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
    ...extraFlags,
  ];
  return { url, memberName, flags };
}

/** Starts it, and waits until it answers as itself. */
export async function startEtcd(
  launcher: Launcher,
  { url, memberName, flags }: EtcdPlan,
  deadlineMs: number,
): Promise<Component> {
  const etcd = startComponent(launcher, 'etcd', flags);
  try {
    await pollUntil({
      what: `etcd to answer on ${url} as ${memberName}`,
      // An API server happily joins somebody else's etcd, so that an answer is not enough: it must be from ours.
      probe: async () => ((await memberNames(url)).includes(memberName) ? true : undefined),
      deadlineMs,
      failure: etcd.failure,
    });
  } catch (error) {
    await etcd.stop();
    throw error;
  }
  return etcd;
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
