/** The ConfigMap of Cluster Autoscaler's status as 1.30 and later write it, cut to what is read of it; `at`: epoch milliseconds. */
export function autoscalerStatus(groups: readonly string[], at: number) {
  const time = `${new Date(at).toISOString().replace('T', ' ').replace('Z', '456789')} +0000 UTC`;
  const nodeGroups = groups.map(
    (name) => `- name: ${name}
  health:
    status: Healthy
    nodeCounts:
      registered:
        total: 1
        ready: 1
        notStarted: 0
    cloudProviderTarget: 1
    minSize: 0
    maxSize: 5
    lastProbeTime: "${new Date(at).toISOString()}"
  scaleUp:
    status: NoActivity
`,
  );
  const head = `time: ${time}\nautoscalerStatus: Running\nclusterWide:\n  health:\n    status: Healthy\n`;
  return {
    metadata: {
      name: 'cluster-autoscaler-status',
      annotations: { 'cluster-autoscaler.kubernetes.io/last-updated': time },
    },
    data: { status: groups.length === 0 ? head : `${head}nodeGroups:\n${nodeGroups.join('')}` },
  };
}
