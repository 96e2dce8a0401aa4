import { isDeepStrictEqual } from 'node:util';
import { DEFAULT_CONFIG, type GridgateConfig, parseConfigText } from '../config/config-file.ts';
import { watchFiles } from '../config/watch-files.ts';
import { compileRules, type PolicyRules } from '../decision/policy-rules.ts';
import type { BandMode } from '../regions/band.ts';
import { TAINTABLE_BANDS } from '../regions/node-rules.ts';
import type { Log } from '../telemetry/log.ts';

/** The configuration that counts now, and the rules that it makes of policies. */
export interface LiveConfig {
  current(): GridgateConfig;
  /** The same object until policy defaults or limits change. */
  rules(): PolicyRules;
  stop(): void;
}

interface LiveConfigDeps {
  /** Absent: there is no file, and nothing ever changes. */
  readonly path: string | undefined;
  /** What was read at the start, as `readConfigFile` answers it. */
  readonly initial?: { readonly config: GridgateConfig; readonly text?: string | undefined };
  /** The option `--default-region`, which counts before the file's `home-region`. */
  readonly defaultRegion?: string | undefined;
  /** The option `--bands`, which counts before the file's `bands.mode`. */
  readonly bands?: BandMode | undefined;
  /** The option `--taint-nodes`, which counts before the file's `taint-nodes`. */
  readonly taintNodes?: boolean | undefined;
  readonly log: Log;
  /** After each good new version that differs; a section that did not change is the same object in both. */
  readonly onChange: (next: GridgateConfig, previous: GridgateConfig) => void;
  readonly intervalMs?: number;
}

/** Follows gridgate.yaml: a good new version counts at once, one with mistakes is logged with all of them and passed over. */
export function createLiveConfig(deps: LiveConfigDeps): LiveConfig {
  const { path, log, onChange, defaultRegion, intervalMs } = deps;
  const withOptions = (config: GridgateConfig) => applyOptions(config, deps);
  let current = withOptions(deps.initial?.config ?? DEFAULT_CONFIG);
  let rules = compileRules(current, defaultRegion);
  if (path === undefined) return { current: () => current, rules: () => rules, stop: () => {} };

  function accept(read: GridgateConfig): void {
    isAwaited = false;
    const previous = current;
    const next = keepUnchanged(withOptions(read), previous);
    const changed = sectionsOf(next).filter((section) => next[section] !== previous[section]);
    log.info({ path, changed }, 'configuration reloaded');
    if (changed.length === 0) return;
    current = next;
    if (changesRules(next, previous)) rules = compileRules(next, defaultRegion);
    onChange(next, previous);
  }

  const known = deps.initial?.text;
  /** In a pod, its ConfigMap may be made later. */
  let isAwaited = known === '';
  if (isAwaited) log.info({ path }, 'no configuration: defaults count until there is one');
  const stop = watchFiles({
    files: [path],
    known: known === undefined ? undefined : [known],
    intervalMs,
    onChange([text = '']) {
      const read = parseConfigText(text, path);
      if ('config' in read) accept(read.config);
      else log.error({ path, mistakes: read.issues }, 'configuration not reloaded; its last good version stays');
    },
    onError(error) {
      if (isAwaited && 'code' in error && error.code === 'ENOENT') return;
      log.error({ path, mistakes: [error.message] }, 'configuration not reloaded; its last good version stays');
    },
  });
  return { current: () => current, rules: () => rules, stop };
}

/** Whether two versions make different rules of policies. */
export function changesRules(next: GridgateConfig, previous: GridgateConfig): boolean {
  return (['policy', 'limits', 'daemonOwners'] as const).some((section) => next[section] !== previous[section]);
}

/** The file's configuration with what options say instead. */
export function applyOptions(
  config: GridgateConfig,
  { bands: mode, taintNodes }: Pick<LiveConfigDeps, 'bands' | 'taintNodes'>,
): GridgateConfig {
  if (mode === undefined && taintNodes === undefined) return config;
  return {
    ...config,
    ...(mode !== undefined && { bands: { ...config.bands, mode } }),
    ...(taintNodes !== undefined && { nodes: { ...config.nodes, taintedBands: taintNodes ? TAINTABLE_BANDS : [] } }),
  };
}

function keepUnchanged(next: GridgateConfig, previous: GridgateConfig): GridgateConfig {
  const kept = sectionsOf(next).map((section) => {
    const isSame = isDeepStrictEqual(next[section], previous[section]);
    return [section, isSame ? previous[section] : next[section]] as const;
  });
  return Object.fromEntries(kept) as unknown as GridgateConfig;
}

function sectionsOf(config: GridgateConfig): readonly (keyof GridgateConfig)[] {
  return Object.keys(config) as (keyof GridgateConfig)[];
}
