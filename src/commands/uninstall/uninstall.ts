import type { ApiClient } from '../../cluster/api-client.ts';
import type { Environment } from '../../config/read-options.ts';
import { canAsk, confirm } from '../../terminal/confirm.ts';
import { EXIT, reportFailure, reportIssues } from '../../terminal/exit-codes.ts';
import { note, print } from '../../terminal/print.ts';
import { createProgress } from '../../terminal/progress.ts';
import { terminalColumns } from '../../terminal/terminal.ts';
import { openCluster, readFromCluster } from '../../world/open-cluster.ts';
import { findCluster, lacksCluster } from '../../world/which-cluster.ts';
import { type Asked, findInstallation, type Installation } from './find-installation.ts';
import type { Step } from './installed-objects.ts';
import type { UninstallValues } from './options.ts';
import { findRefusals, removeInstallation } from './remove-installation.ts';
import { isNothing, renderRemovals, renderStays, tellObstacle } from './render-installation.ts';

const NOBODY_TO_ASK =
  'uninstall: nothing was removed: without a terminal nobody can be asked; give --yes (GRIDGATE_UNINSTALL_YES) to remove what is listed';
const PODS_KEEP =
  'pods that run keep the affinity, tolerations and PriorityClass that they were given; new ones get none';

/** Takes gridgate out of a cluster, and leaves what people wrote unless they ask for that, too. */
export async function uninstall(values: UninstallValues, env: Environment): Promise<number> {
  const cluster = findCluster({ kubeconfig: values.kubeconfig, context: values.context }, env);
  if (!cluster) return reportIssues([lacksCluster('uninstall: gridgate is in a cluster, and none is named', {})]);
  const opened = await openCluster(cluster);
  if ('issues' in opened) return reportFailure(opened);
  const { api, called } = opened;
  try {
    return await uninstallFrom({ api, called }, values, env);
  } finally {
    api.close();
  }
}

async function uninstallFrom(
  { api, called }: { readonly api: ApiClient; readonly called: string },
  values: UninstallValues,
  env: Environment,
): Promise<number> {
  const asked: Asked = {
    regions: values.andRegions,
    policies: values.andPolicies,
    settings: values.andSettings,
    beforeHelm: values.beforeHelm,
    namespace: values.installedIn,
  };
  const progress = createProgress();
  const looked = await readFromCluster('what there is of gridgate', async () => {
    const found = await findInstallation(api, asked, progress.show);
    return 'obstacle' in found ? found : { found, ...(await findRefusals({ api }, found)) };
  });
  progress.end();
  if ('issues' in looked) return reportFailure(looked);
  if ('obstacle' in looked.value) return reportIssues([tellObstacle(looked.value.obstacle), 'nothing was removed']);
  const { found, missingRights, otherRefusals } = looked.value;
  await print(renderPlan(found, called, terminalColumns(env)));
  if (isNothing(found)) return EXIT.fine;
  for (const refusal of otherRefusals) note(`this would be refused: ${refusal}`);
  if (missingRights.length > 0) {
    reportIssues([...missingRights, 'nothing was removed: that takes the rights of who installed gridgate']);
    return EXIT.upstream;
  }
  if (values.dryRun) return EXIT.fine;
  if (!values.yes && !canAsk()) return reportIssues([NOBODY_TO_ASK]);
  if (!values.yes && !(await confirm(`Remove this from ${called}?`))) {
    note('nothing was removed');
    return EXIT.findings;
  }
  const removed = await readFromCluster(
    'what is to be removed; run this again',
    () => removeInstallation({ api, asked, progress, tell: tellStep }, found),
    undefined,
    'write',
  );
  progress.end();
  if ('issues' in removed) return reportFailure(removed);
  if (removed.value.length > 0) {
    reportIssues([...removed.value, 'not all of gridgate is gone: run this again']);
    return EXIT.upstream;
  }
  const waited = found.waiting.length === 0 ? '' : '; what waited for a cleaner hour was let go';
  await print(`${tellGone(found.stays)}${waited}; ${PODS_KEEP}\n`);
  return EXIT.fine;
}

const DOING: Readonly<Record<Step, string>> = {
  webhooks: 'removing the webhooks',
  waiting: 'letting go what waits',
  controllers: 'stopping the pods',
  policies: 'removing the admission policies',
  traces: 'cleaning labels, taints and annotations',
  rest: 'removing accounts, rights and the rest',
  regions: 'removing Regions',
  settings: 'removing settings',
  namespace: 'removing the namespace',
};

function tellStep(step: Step): Promise<unknown> {
  return print(`${DOING[step]} ...\n`);
}

function tellGone({ maybeNotIn, toHelm }: Installation['stays']): string {
  if (toHelm > 0) return 'gridgate is stopped, and what it wrote is gone; the rest is for helm uninstall';
  return maybeNotIn === undefined ? 'gridgate is gone' : 'what was found of gridgate is gone';
}

function renderPlan(found: Installation, called: string, width: number): string {
  const head = isNothing(found)
    ? `Nothing of gridgate is left to remove${found.stays.toHelm > 0 ? ' before Helm' : ''} in ${called}.\n`
    : `To be removed from ${called}, in this order:\n${renderRemovals(found, width)}`;
  return head + renderStays(found.stays, width);
}
