import { joinLastEvents, type LastEvents } from '../cluster/last-events.ts';
import type { Watched } from '../cluster/watched-resource.ts';
import type { Metric } from '../telemetry/metric.ts';

/**
 * What may have changed that controllers act on, beside what is watched:
 *
 * | change          | what is another                                                                 |
 * | --------------- | ------------------------------------------------------------------------------- |
 * | `snapshot`      | readings, outages, nodes or regions                                             |
 * | `known-regions` | which regions there are: readings change all the time                           |
 * | `rules`         | policy defaults, limits or the kill switch, and so labels and refusals          |
 * | `settings`      | what of gridgate's own settings cannot be read                                  |
 * | `forecasts`     | what the hours of some region are expected to be                                |
 * | `sources`       | whom to ask for intensities and outages, or the thresholds of bands             |
 * | `overlay-inputs` | what gridgate.yaml and its files say of prices of carbon                       |
 */
export type Change =
  | Watched
  | 'known-regions'
  | 'snapshot'
  | 'rules'
  | 'settings'
  | 'sources'
  | 'forecasts'
  | 'overlay-inputs';

/** What works in a cluster while its replica leads: one folder here, and one line in `replica/start-controllers.ts`. */
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
  changed(change?: Change): void;
  /** Of what it watches by itself. */
  lastEventAt?(): LastEvents;
  /** What it tells, read at each scrape; nothing while it does not run. */
  readonly metrics?: readonly Metric[];
}

export interface Manager {
  begin(): void;
  end(): Promise<void>;
  /** Wakes whoever it concerns; those that do not run stay as they are. */
  changed(change: Change): void;
  lastEventAt(): LastEvents;
  readonly metrics: readonly Metric[];
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
      for (const controller of controllers) if (controller.on.includes(change)) controller.changed(change);
    },
    lastEventAt: () => joinLastEvents(controllers.map((one) => one.lastEventAt?.())),
    metrics: controllers.flatMap(({ metrics = [] }) => metrics),
  };
}
