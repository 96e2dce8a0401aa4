import { ROLES, type Role } from '../../units/role.ts';
import { shellCommand } from '../../units/shell-command.ts';
import type { ClusterFacts, DeploymentFacts } from './facts.ts';
import { about, type Finding } from './finding.ts';
import { APPLY, SERVICE } from './names.ts';

const WHAT: Readonly<Record<Role, string>> = {
  webhook: 'pods pass unsteered without it',
  controllers: 'nobody measures regions, labels namespaces or renews the certificate without them',
};

/** Whether each role has a Deployment, and all of its replicas. */
export function judgeReplicas({ deployments, systemNamespace }: ClusterFacts): readonly Finding[] {
  return about('replicas', deployments, (all) =>
    ROLES.map((role) => {
      const found = all.find(({ roles }) => roles.includes(role));
      const check = `${role} replicas`;
      if (found) return judgeReplica(check, found, systemNamespace);
      const says = `no Deployment in ${systemNamespace} runs the role ${role}: ${WHAT[role]}`;
      return { check, state: 'failed', says, todo: APPLY } as const;
    }),
  );
}

function judgeReplica(check: string, { name, replicas, available }: DeploymentFacts, namespace: string): Finding {
  const says = `${available} of ${replicas} available (Deployment ${name})`;
  if (replicas > 0 && available >= replicas) return { check, state: 'ok', says };
  const todo =
    replicas === 0
      ? shellCommand`kubectl scale deployment ${name} -n ${namespace} --replicas=2`
      : shellCommand`kubectl describe deployment,pods -n ${namespace} -l app.kubernetes.io/name=gridgate`;
  return { check, state: available > 0 ? 'warning' : 'failed', says, todo };
}

/** Whether the Service leads to a replica that is ready. */
export function judgeEndpoints({ endpoints, systemNamespace }: ClusterFacts): readonly Finding[] {
  const check = 'Service';
  return about(check, endpoints, ({ ready, notReady }) => {
    const where = `${SERVICE} in ${systemNamespace}`;
    if (ready > 0) return [{ check, state: 'ok', says: `${where} has ${ready} ready ${endpointsIn(ready)}` }];
    const others = notReady > 0 ? `; ${notReady} not ready` : '';
    const says = `${where} has no ready endpoint${others}: the API server has nobody to call`;
    const todo = shellCommand`kubectl get service,endpointslices,pods -n ${systemNamespace}`;
    return [{ check, state: 'failed', says, todo }];
  });
}

function endpointsIn(count: number): string {
  return count === 1 ? 'endpoint' : 'endpoints';
}
