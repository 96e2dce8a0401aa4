import type { Logger } from 'pino';
import { messageOf } from './api-error.ts';

export class NotLeadingError extends Error {
  override readonly name = 'NotLeadingError';
}

interface LeadershipDeps {
  readonly lease: string;
  readonly renewDeadlineMs: number;
  readonly log: Logger;
  readonly onChange: (leading: boolean) => void;
  readonly monotonicNow: () => number;
}

/** Whether this process leads, by its own clock alone. */
export function createLeadership(deps: LeadershipDeps) {
  const { lease, renewDeadlineMs, log, onChange, monotonicNow } = deps;
  let deadline: number | undefined;

  function tell(leading: boolean, message: string): void {
    log.info({ lease, leading }, message);
    try {
      onChange(leading);
    } catch (error) {
      log.error({ lease, failure: messageOf(error) }, 'a listener of the leader election failed');
    }
  }

  /** Ends it, where it has not ended yet. */
  function lose(reason: string): void {
    if (deadline === undefined) return;
    deadline = undefined;
    tell(false, `leading no more: ${reason}`);
  }

  const isLeader = () => deadline !== undefined && monotonicNow() < deadline;

  /** Ends it where its deadline has passed. */
  function loseIfLate(): void {
    if (!isLeader()) lose('the lease was not renewed in time');
  }

  return {
    /** The lease was renewed by a request sent at `sentAt`. */
    renewed(sentAt: number): void {
      loseIfLate(); // a listener hears of each end, also when nobody else led in between
      const isNew = deadline === undefined;
      if (monotonicNow() >= sentAt + renewDeadlineMs) return; // the answer came too late to be of use
      deadline = sentAt + renewDeadlineMs;
      if (isNew) tell(true, 'leading');
    },
    lose,
    loseIfLate,
    isLeader,
    /** Throws a NotLeadingError where `isLeader` is false. */
    assertLeading(): void {
      if (!isLeader()) throw new NotLeadingError(`this process does not lead: the lease ${lease} is not its own`);
    },
    /** Milliseconds until the deadline; undefined while someone else leads. */
    leftMs: () => (deadline === undefined ? undefined : deadline - monotonicNow()),
  };
}
