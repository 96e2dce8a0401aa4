import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../../cluster/api-client.ts';
import type { Environment } from '../../config/read-options.ts';
import { EXIT, reportFailure, reportIssues } from '../../terminal/exit-codes.ts';
import { print } from '../../terminal/print.ts';
import { createProgress } from '../../terminal/progress.ts';
import { renderData } from '../../terminal/render-data.ts';
import { terminalColumns } from '../../terminal/terminal.ts';
import { openCluster, readFromCluster } from '../../world/open-cluster.ts';
import { findCluster, lacksCluster } from '../../world/which-cluster.ts';
import { judge } from './judge.ts';
import type { CheckValues } from './options.ts';
import { renderCheck } from './render-check.ts';
import { type Look, lookUntilWorks } from './wait-until-works.ts';

/**
 * Says of each thing that gridgate needs in a cluster whether it works, why not and what to do: exit code 1 where something does not.
 * With --wait it says so once all works, or the time is over.
 */
export async function check(values: CheckValues, env: Environment): Promise<number> {
  const cluster = findCluster(values, env);
  if (!cluster)
    return reportIssues([lacksCluster('check: asks the API server of a cluster, and none is named', values)]);
  const opened = await openCluster(cluster);
  if ('issues' in opened) return reportFailure(opened);
  const { api } = opened;
  const progress = createProgress();
  const looked = await lookUntilWorks(() => lookOnce(api, values), {
    mostMs: values.waitUntilWorks ?? 0,
    monotonicNow: performance.now.bind(performance),
    pause: sleep,
    show: progress.show,
  }).finally(api.close);
  progress.end();
  if ('issues' in looked) return reportFailure(looked);
  const { report } = looked;
  const { output = 'table' } = values;
  await print(output === 'table' ? renderCheck(report, terminalColumns(env)) : renderData(report, output));
  return report.works ? EXIT.fine : EXIT.findings;
}

async function lookOnce(api: ApiClient, values: CheckValues): Promise<Look> {
  const { systemNamespace, regionLabel, checkNamespace: namespace, installationOnly } = values;
  const { readCluster } = await import('./read-cluster.ts');
  const read = await readFromCluster('the cluster', () =>
    readCluster(api, { systemNamespace, regionLabel, namespace }),
  );
  if ('issues' in read) return read;
  const { namespaces } = read.value;
  if (namespace !== undefined && 'value' in namespaces && !namespaces.value.some(({ name }) => name === namespace))
    return { issues: [`there is no namespace ${namespace} in this cluster`], exitCode: EXIT.usage };
  return { report: judge(read.value, { installationOnly }) };
}
