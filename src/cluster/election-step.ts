import type { Lease, LeaseSpec } from './lease.ts';

/** What one candidate has seen of a Lease. Times are its own monotonic clock's, in milliseconds. */
export interface Observed {
  /** As last read or written; undefined where there is none. */
  readonly lease: Lease | undefined;
  /** The last holder seen, also when its Lease is deleted; undefined where the lease is free. */
  readonly claim?: Claim;
}

interface Claim {
  readonly holder: string;
  /** The whole spec: any change of it is a sign of life, whatever it says. */
  readonly record: string;
  readonly expiresAt: number;
}

export type Step = 'acquire' | 'renew' | 'wait';

interface Bid {
  readonly identity: string;
  readonly leaseDurationSeconds: number;
  /** Now, as a MicroTime. */
  readonly time: string;
}

export const NOTHING_OBSERVED: Observed = { lease: undefined };

/**
 * Takes note of a Lease as read at `now`. Of its times only their changes are used, so no clock is compared with another
 * process's. `leaseMs` counts where the holder does not say how long its lease lasts.
 */
export function observe(before: Observed, lease: Lease | undefined, now: number, leaseMs: number): Observed {
  if (lease === undefined) return { ...before, lease };
  const { holderIdentity: holder, leaseDurationSeconds } = lease.spec ?? {};
  if (!holder) return { lease };
  const record = JSON.stringify(lease.spec);
  if (record === before.claim?.record) return { ...before, lease };
  const durationMs = Number(leaseDurationSeconds) > 0 ? Number(leaseDurationSeconds) * 1_000 : leaseMs;
  return { lease, claim: { holder, record, expiresAt: now + durationMs } };
}

/**
 * What a candidate does next:
 *
 * | Lease   | last holder  | expired | step    |
 * | ------- | ------------ | ------- | ------- |
 * | any     | nobody       |         | acquire |
 * | there   | us           | any     | renew   |
 * | deleted | us           | any     | acquire |
 * | any     | someone else | no      | wait    |
 * | any     | someone else | yes     | acquire |
 *
 * A deleted Lease of someone else is waited for too: its holder leads on until it notices, and then makes it again.
 */
export function planStep({ lease, claim }: Observed, now: number, identity: string): Step {
  if (claim === undefined) return 'acquire';
  if (claim.holder === identity) return lease ? 'renew' : 'acquire';
  return now < claim.expiresAt ? 'wait' : 'acquire';
}

/** The spec to write for an `acquire` or a `renew`. */
export function bidFor(step: Exclude<Step, 'wait'>, lease: Lease | undefined, bid: Bid): LeaseSpec {
  const { identity: holderIdentity, leaseDurationSeconds, time: renewTime } = bid;
  const { acquireTime, leaseTransitions } = lease?.spec ?? {};
  const transitions = leaseTransitions ?? 0;
  const mine = { holderIdentity, leaseDurationSeconds, renewTime };
  if (step === 'renew') return { ...mine, acquireTime: acquireTime ?? renewTime, leaseTransitions: transitions };
  return { ...mine, acquireTime: renewTime, leaseTransitions: lease ? transitions + 1 : 0 };
}

/** The spec that frees a lease: as client-go writes it, so that its candidates see it free at once. */
export function releaseOf(lease: Lease, time: string): LeaseSpec {
  const leaseTransitions = lease.spec?.leaseTransitions ?? 0;
  return { holderIdentity: '', leaseDurationSeconds: 1, acquireTime: time, renewTime: time, leaseTransitions };
}
