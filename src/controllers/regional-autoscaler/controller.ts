import type { ApiClient } from '../../cluster/api-client.ts';
import type { ApiWriter } from '../../cluster/api-writer.ts';
import type { NamespaceRecord } from '../../decision/namespace-record.ts';
import type { Snapshot } from '../../regions/snapshot.ts';
import type { CapacityMode } from '../../units/capacity-mode.ts';
import type { EventTellerDeps } from '../event.ts';
import type { Controller } from '../manager.ts';
import { MONOTONIC } from '../pace.ts';
import { createRounds } from '../rounds.ts';
import type { Workloads } from '../workloads.ts';

export interface RegionalAutoscalerDeps extends EventTellerDeps {
  readonly api: ApiClient;
  readonly writer: Pick<ApiWriter, 'create' | 'apply' | 'mergePatch'>;
  readonly workloads: Workloads;
  readonly namespaces: () => Iterable<NamespaceRecord>;
  readonly snapshot: () => Snapshot;
  /** By its option and the kill switch. */
  readonly mode: () => CapacityMode;
}

export function createRegionalAutoscaler({ workloads, log, clock = MONOTONIC }: RegionalAutoscalerDeps): Controller {
  const rounds = createRounds({
    name: 'regional-autoscaler',
    on: ['snapshot', 'rules'],
    resyncMs: 30_000,
    settleMs: 500,
    restMs: 2_000,
    round: async () => 'done',
    clock,
    log,
  });
  workloads.follow(() => rounds.changed());
  return rounds;
}
