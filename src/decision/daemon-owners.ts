/** Kinds, as group/Kind, whose pods belong to one node each; gridgate.yaml can name more. */
export const DAEMON_OWNERS: readonly string[] = [
  'apps/DaemonSet',
  'apps.kruise.io/DaemonSet',
  'datadoghq.com/ExtendedDaemonSetReplicaSet',
];
