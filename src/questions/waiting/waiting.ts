import { isDeepStrictEqual } from 'node:util';
import type { Environment } from '../../config/read-options.ts';
import { EXIT, type Issues, reportFailure, reportIssues } from '../../terminal/exit-codes.ts';
import { note, print } from '../../terminal/print.ts';
import { printChanges } from '../../terminal/print-changes.ts';
import { terminalColumns } from '../../terminal/terminal.ts';
import { type ChosenCluster, findCluster, lacksCluster } from '../../world/which-cluster.ts';
import { type FoundWork, followWaiting } from './follow-waiting.ts';
import type { WaitingValues } from './options.ts';
import { listWaiting, nameOf, renderChangedWaiting, renderWaiting, type WaitingWork } from './waiting-listing.ts';

const NO_CLUSTER = 'waiting: what waits is in a cluster, and none is named';

/** Prints all that waits for a cleaner hour, what starts first first. */
export async function waiting(values: WaitingValues, env: Environment): Promise<number> {
  const cluster = findCluster(values, env);
  if (!cluster) return reportIssues([lacksCluster(NO_CLUSTER, {})]);
  return values.watch ? watch(cluster, values, env) : list(cluster, values, env);
}

async function list(cluster: ChosenCluster, values: WaitingValues, env: Environment): Promise<number> {
  for await (const found of followWaiting(cluster, values, note)) {
    if ('issues' in found) return reportFailure(found);
    const now = Date.now();
    const listing = listWaiting(found.pieces, now);
    if (listing.waiting.length === 0) note(nothingWaits(found, values));
    await print(renderWaiting(listing, layoutOf(values, env, now)));
    break;
  }
  return EXIT.fine;
}

/** The same, and from then on what comes or changes, until the process is ended or nobody reads. */
async function watch(cluster: ChosenCluster, values: WaitingValues, env: Environment): Promise<number> {
  let failure: Issues | undefined;
  await printChanges(states(), {
    nameOf,
    isSame: isDeepStrictEqual,
    render: (changed, all, isFirst) =>
      changed.length === 0 ? '' : renderChangedWaiting(changed, all, { ...layoutOf(values, env, Date.now()), isFirst }),
  });
  return failure ? reportFailure(failure) : EXIT.fine;

  async function* states(): AsyncGenerator<readonly WaitingWork[]> {
    for await (const found of followWaiting(cluster, values, note)) {
      if ('issues' in found) failure = found;
      else yield listWaiting(found.pieces, Date.now()).waiting;
    }
  }
}

function layoutOf({ listOutput: output, allNamespaces }: WaitingValues, env: Environment, now: number) {
  return { output, width: terminalColumns(env), now, showsNamespace: allNamespaces };
}

function nothingWaits({ namespace, isMissing }: FoundWork, { selector }: WaitingValues): string {
  if (isMissing) return `there is no namespace ${namespace}, so nothing waits in it`;
  const what = selector === undefined ? '' : ` with labels ${selector}`;
  return `nothing${what} waits${namespace === undefined ? '' : ` in namespace ${namespace}`}`;
}
