import { DEFAULT_CONFIG, type GridgateConfig, readConfig } from '../config/config-file.ts';
import { type ClusterFile, type DescribedRegion, type FileContents, readCluster, readRegions } from './read-files.ts';

interface WorldPaths {
  readonly regions?: string | undefined;
  readonly namespaces?: string | undefined;
  readonly config?: string | undefined;
  readonly regionLabel?: string | undefined;
  /** Where it is mounted from a ConfigMap that people make when they need it. */
  readonly mayLackConfig?: boolean;
}

export interface WorldFiles {
  /** Absent where no file is named. */
  readonly regions?: FileContents<readonly DescribedRegion[]>;
  /** Absent where no file is named. */
  readonly cluster?: FileContents<ClusterFile>;
  /** Without a file, or with mistakes in it, what an empty one says. */
  readonly config: GridgateConfig;
  /** As read, to watch the file for changes. */
  readonly configText?: string;
  /** Every mistake in any of them, a sentence each. */
  readonly issues: readonly string[];
}

/** Reads each file that is named, once; never rejects. */
export async function readWorldFiles(paths: WorldPaths): Promise<WorldFiles> {
  const { regionLabel = '' } = paths;
  const [regions, cluster, configured] = await Promise.all([
    paths.regions === undefined ? undefined : readRegions(paths.regions),
    paths.namespaces === undefined ? undefined : readCluster(paths.namespaces, regionLabel),
    readConfig(paths.config, { mayBeAbsent: paths.mayLackConfig ?? false }),
  ]);
  const given = { ...(regions && { regions }), ...(cluster && { cluster }) };
  const issues = [...(regions?.issues ?? []), ...(cluster?.issues ?? [])];
  if ('issues' in configured) return { ...given, config: DEFAULT_CONFIG, issues: [...issues, ...configured.issues] };
  const { config, text } = configured;
  return { ...given, config, ...(text !== undefined && { configText: text }), issues };
}
