/** What the pods of a namespace reserved in a region, over a time. */
export interface Usage {
  readonly namespace: string;
  readonly region: string;
  readonly vcpuHours: number;
  readonly memoryGbHours: number;
}

export interface Share {
  readonly namespace: string;
  readonly vcpu: number;
  readonly memoryGb: number;
}

export interface UsageMeter {
  /** A pod begins to count in a region. */
  enter(share: Share, region: string): void;
  /** It counts no more; it must have entered there. */
  leave(share: Share, region: string): void;
  /** All pods leave; what they used until now is still to be taken. */
  leaveAll(): void;
  /** What was used since the last time, by namespace and region. */
  take(): readonly Usage[];
}

interface Group {
  pods: number;
  vcpu: number;
  memoryGb: number;
  /** `hours()` when the next two were right. */
  at: number;
  vcpuHours: number;
  memoryGbHours: number;
}

/**
 * Integrates requests over `hours`. A pod that comes or goes costs its own group alone; taking stock costs a step a group,
 * however many pods there are.
 */
export function createUsageMeter(hours: () => number): UsageMeter {
  const byNamespace = new Map<string, Map<string, Group>>();

  function groupOf(namespace: string, region: string): Group {
    const byRegion = byNamespace.get(namespace) ?? new Map<string, Group>();
    byNamespace.set(namespace, byRegion);
    const group = byRegion.get(region) ?? { pods: 0, vcpu: 0, memoryGb: 0, at: 0, vcpuHours: 0, memoryGbHours: 0 };
    byRegion.set(region, group);
    advance(group, hours());
    return group;
  }

  function* all(): Generator<readonly [namespace: string, region: string, group: Group]> {
    for (const [namespace, byRegion] of byNamespace)
      for (const [region, group] of byRegion) yield [namespace, region, group];
  }

  function forget(namespace: string, region: string): void {
    const byRegion = byNamespace.get(namespace);
    byRegion?.delete(region);
    if (byRegion?.size === 0) byNamespace.delete(namespace);
  }

  return {
    enter({ namespace, vcpu, memoryGb }, region) {
      const group = groupOf(namespace, region);
      group.pods += 1;
      group.vcpu += vcpu;
      group.memoryGb += memoryGb;
    },
    leave({ namespace, vcpu, memoryGb }, region) {
      const group = groupOf(namespace, region);
      group.pods -= 1;
      // With its last pod a group loses what rounding left.
      group.vcpu = group.pods === 0 ? 0 : group.vcpu - vcpu;
      group.memoryGb = group.pods === 0 ? 0 : group.memoryGb - memoryGb;
    },
    leaveAll() {
      const now = hours();
      for (const [, , group] of all()) {
        advance(group, now);
        Object.assign(group, { pods: 0, vcpu: 0, memoryGb: 0 });
      }
    },
    take() {
      const now = hours();
      const taken: Usage[] = [];
      for (const [namespace, region, group] of all()) {
        advance(group, now);
        const { vcpuHours, memoryGbHours } = group;
        if (vcpuHours > 0 || memoryGbHours > 0) taken.push({ namespace, region, vcpuHours, memoryGbHours });
        Object.assign(group, { vcpuHours: 0, memoryGbHours: 0 });
        if (group.pods === 0) forget(namespace, region);
      }
      return taken;
    },
  };
}

function advance(group: Group, now: number): void {
  group.vcpuHours += group.vcpu * (now - group.at);
  group.memoryGbHours += group.memoryGb * (now - group.at);
  group.at = now;
}
