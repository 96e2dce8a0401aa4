import { joinLastEvents, type LastEvents } from '../cluster/last-events.ts';
import type { Watched } from '../cluster/watched-resource.ts';

/** What may have changed that controllers act on. `known-regions`: a region came or went; readings change all the time. */
export type Change = Watched | 'known-regions' | 'snapshot' | 'rules';

/** What works in a cluster while its replica leads. */
export interface Controller {
  /** For the log. */
  readonly name: string;
  /** What wakes it; each comes back to its work without a change, too. */
  readonly on: readonly Change[];
  /** Does nothing while it runs. */
  start(): void;
  /** Resolves when nothing will be written any more. */
  stop(): Promise<void>;
  /** Something that wakes it has changed. */
  changed(): void;
  /** Of what it watches by itself. */
  lastEventAt?(): LastEvents;
}

export interface Manager {
  begin(): void;
  end(): Promise<void>;
  /** Wakes whoever it concerns; those that do not run stay as they are. */
  changed(change: Change): void;
  lastEventAt(): LastEvents;
}

/** Starts and stops controllers together, one change after the other: what ends has ended before it begins again. */
export function createManager(controllers: readonly Controller[], mayRun: () => boolean): Manager {
  let changing = Promise.resolve();
  return {
    begin() {
      changing = changing.then(() => {
        if (mayRun()) for (const controller of controllers) controller.start();
      });
    },
    end() {
      changing = changing.then(async () => void (await Promise.all(controllers.map((one) => one.stop()))));
      return changing;
    },
    changed(change) {
      for (const controller of controllers) if (controller.on.includes(change)) controller.changed();
    },
    lastEventAt: () => joinLastEvents(controllers.map((one) => one.lastEventAt?.())),
  };
}
