import type { Validity } from '../certs/authority.ts';
import { type Metric, oneSeries } from '../telemetry/metric.ts';
import { idleSeconds } from './status-facts.ts';

/** Epoch milliseconds, all; `undefined` where there is no certificate. */
export function certificateTimes(validity: () => Validity | undefined, clock: () => number): readonly Metric[] {
  const gauge = (name: string, help: string, milliseconds: (one: Validity) => number): Metric => ({
    type: 'gauge',
    name,
    help,
    labelNames: [],
    read() {
      const one = validity();
      return oneSeries(one && milliseconds(one) / 1_000);
    },
  });
  return [
    gauge(
      'gridgate_certificate_expiry_seconds',
      'Time until the serving certificate expires; negative afterwards',
      ({ notAfter }) => notAfter - clock(),
    ),
    gauge(
      'gridgate_certificate_lifetime_seconds',
      'How long the serving certificate is valid from its begin to its end',
      ({ notBefore, notAfter }) => notAfter - notBefore,
    ),
  ];
}

export function leadership(isLeader: () => boolean): Metric {
  return {
    type: 'gauge',
    name: 'gridgate_leader',
    help: '1 while this replica leads, 0 while another may; none where it does not run for the lease',
    labelNames: [],
    read: () => oneSeries(Number(isLeader())),
  };
}

/** Of the last event by resource, in epoch milliseconds. */
export function watchIdle(lastEventAt: () => Readonly<Record<string, number>>, clock: () => number): Metric {
  return {
    type: 'gauge',
    name: 'gridgate_watch_idle_seconds',
    help: 'Time since the last sign of life of a watch; of a resource watched twice, the longer',
    labelNames: ['resource'],
    read: () =>
      Object.entries(idleSeconds(lastEventAt(), clock())).map(([resource, seconds]) => [{ resource }, seconds]),
  };
}

/** Whether what people write for gridgate itself is read; nothing of what there is not. */
export function unreadSettings(
  configProblem: () => string | undefined,
  killSwitchProblem: (() => string | undefined) | undefined,
): readonly Metric[] {
  const gauge = (name: string, help: string, problem: () => string | undefined): Metric => ({
    type: 'gauge',
    name,
    help,
    labelNames: [],
    read: () => oneSeries(Number(problem() !== undefined)),
  });
  return [
    gauge(
      'gridgate_config_reload_failed',
      '1 while the newest version of gridgate.yaml cannot be read and an older one counts, else 0',
      configProblem,
    ),
    ...(killSwitchProblem
      ? [
          gauge(
            'gridgate_kill_switch_unreadable',
            '1 while the value of the kill switch is no mode and counts as audit, else 0',
            killSwitchProblem,
          ),
        ]
      : []),
  ];
}

type Bodies = Readonly<Record<string, { readonly bytes: number; readonly waiting: number }>>;

/** Of the bodies of reviews; nothing where none come. */
export function reviewBodies(bodies: () => Bodies | undefined): readonly Metric[] {
  const perSize = (what: 'bytes' | 'waiting', name: string, help: string): Metric => ({
    type: 'gauge',
    name,
    help,
    labelNames: ['size'],
    read: () => Object.entries(bodies() ?? {}).map(([size, { [what]: value }]) => [{ size }, value]),
  });
  return [
    perSize(
      'bytes',
      'gridgate_review_bytes_in_flight',
      'Bytes of memory that bodies of reviews have reserved, of small ones (up to 256 KiB) and large ones',
    ),
    perSize('waiting', 'gridgate_reviews_waiting', 'Reviews whose body waits for room in memory before it is read'),
  ];
}
