import type { ApiWriter } from '../../cluster/api-writer.ts';
import type { RegionalAutoscaler } from '../../scaling/regional-record.ts';
import type { LastAction } from '../../scaling/regional-state.ts';
import type { CapacityMode } from '../../units/capacity-mode.ts';
import { tellOnce } from '../event.ts';
import { actionNotice } from './events.ts';
import type { Memory } from './memory.ts';

/** More of one autoscaler are not kept for an API server that takes no Events. */
const MOST_UNTOLD = 20;

interface ToldActionsDeps {
  readonly writer: Pick<ApiWriter, 'create'>;
  readonly instance: string;
  readonly now: () => number;
}

/** One Event of each action that was done, or would have been in audit. */
export function createToldActions({ writer, instance, now }: ToldActionsDeps) {
  return {
    /** Keeps one to be told; it may be asked again and again. */
    add({ untold, told }: Memory, last: LastAction | undefined, mode: CapacityMode): void {
      const key = last && `${last.at} ${last.target} ${mode}`;
      if (!last || key === undefined || told === key || (mode === 'on' && !last.done)) return;
      untold.set(key, { last, mode });
      const [oldest] = untold.keys();
      if (untold.size > MOST_UNTOLD && oldest !== undefined) untold.delete(oldest);
    },
    /** Ends at the first that is refused; that and those after it are left. */
    async tell(one: RegionalAutoscaler, memory: Memory): Promise<void> {
      for (const [key, { last, mode }] of [...memory.untold]) {
        const notice = actionNotice(one, last, mode === 'audit', { instance, now: now() });
        if (notice) await tellOnce(writer, notice.namespace, notice.event());
        memory.untold.delete(key);
        memory.told = key;
      }
    },
  };
}

export type ToldActions = ReturnType<typeof createToldActions>;
