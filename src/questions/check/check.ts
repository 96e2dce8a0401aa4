import type { Environment } from '../../config/read-options.ts';
import { EXIT, reportFailure, reportIssues } from '../../terminal/exit-codes.ts';
import { print } from '../../terminal/print.ts';
import { renderData } from '../../terminal/render-data.ts';
import { terminalColumns } from '../../terminal/terminal.ts';
import { openCluster, readFromCluster } from '../../world/open-cluster.ts';
import { findCluster, lacksCluster } from '../../world/which-cluster.ts';
import { judge } from './judge.ts';
import type { CheckValues } from './options.ts';
import { renderCheck } from './render-check.ts';

/** Says of each thing that gridgate needs in a cluster whether it works, why not and what to do: exit code 1 where something does not. */
export async function check(values: CheckValues, env: Environment): Promise<number> {
  const cluster = findCluster(values, env);
  if (!cluster)
    return reportIssues([lacksCluster('check: asks the API server of a cluster, and none is named', values)]);
  const [opened, { readCluster }] = await Promise.all([openCluster(cluster), import('./read-cluster.ts')]);
  if ('issues' in opened) return reportFailure(opened);
  const { api } = opened;
  const { systemNamespace, regionLabel, checkNamespace: namespace, output = 'table' } = values;
  const asked = { systemNamespace, regionLabel, namespace };
  const read = await readFromCluster('the cluster', () => readCluster(api, asked)).finally(api.close);
  if ('issues' in read) return reportFailure(read);
  const { namespaces } = read.value;
  if (namespace !== undefined && 'value' in namespaces && !namespaces.value.some(({ name }) => name === namespace))
    return reportIssues([`there is no namespace ${namespace} in this cluster`]);
  const report = judge(read.value);
  await print(output === 'table' ? renderCheck(report, terminalColumns(env)) : renderData(report, output));
  return report.works ? EXIT.fine : EXIT.findings;
}
