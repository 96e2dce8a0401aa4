import { isDeepStrictEqual } from 'node:util';
import { DEFAULT_CONFIG, type GridgateConfig, parseConfigText } from '../config/config-file.ts';
import { watchFiles } from '../config/watch-files.ts';
import { compileRules, type PolicyRules } from '../decision/policy-rules.ts';
import type { BandMode } from '../regions/band.ts';
import { TAINTABLE_BANDS } from '../regions/node-rules.ts';
import type { Log } from '../telemetry/log.ts';
import { itself, tellFew } from '../units/tell-few.ts';

export interface LiveConfig {
  current(): GridgateConfig;
  /** The same object until policy defaults or limits change. */
  rules(): PolicyRules;
  /** Why the newest version of the file does not count, with what does; `undefined` where it does. */
  problem(): string | undefined;
  stop(): void;
}

interface LiveConfigDeps {
  /** Absent: there is no file, and nothing ever changes. */
  readonly path: string | undefined;
  /** What was read at the start, as `readConfig` answers it. */
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
  /** After each change of `problem`. */
  readonly onProblem?: () => void;
  readonly intervalMs?: number;
}

const MOST_MISTAKES = 5;

const NOT_RELOADED = 'configuration not reloaded; its last good version stays';

/** Follows gridgate.yaml: a good new version counts at once, one with mistakes is logged with all of them and passed over. */
export function createLiveConfig(deps: LiveConfigDeps): LiveConfig {
  const { path, log, onChange, defaultRegion, intervalMs } = deps;
  const withOptions = (config: GridgateConfig) => applyOptions(config, deps);
  let current = withOptions(deps.initial?.config ?? DEFAULT_CONFIG);
  let rules = compileRules(current, defaultRegion);
  if (path === undefined)
    return { current: () => current, rules: () => rules, problem: () => undefined, stop: () => {} };
  /** Of the newest version that could be read. */
  let mistakes: readonly string[] = [];
  let unreadable: string | undefined;

  function problem(): string | undefined {
    const told = unreadable === undefined ? mistakes : [unreadable];
    return told.length > 0 ? `${NOT_RELOADED}: ${tellFew(told, MOST_MISTAKES, itself).join('; ')}` : undefined;
  }

  function note(found: { readonly mistakes?: readonly string[]; readonly unreadable?: string | undefined }): void {
    const before = problem();
    ({ mistakes = mistakes } = found);
    unreadable = found.unreadable;
    if (problem() !== before) deps.onProblem?.();
  }

  function refuse(told: readonly string[]): void {
    log.error({ path, mistakes: told }, NOT_RELOADED);
  }

  function accept(read: GridgateConfig): void {
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
      isAwaited = false;
      const read = parseConfigText(text, path);
      note({ mistakes: 'config' in read ? [] : read.issues });
      if ('config' in read) accept(read.config);
      else refuse(read.issues);
    },
    onError(error) {
      if (isAwaited && 'code' in error && error.code === 'ENOENT') return;
      note({ unreadable: error.message });
      refuse([error.message]);
    },
    onReadable: () => note({}),
  });
  return { current: () => current, rules: () => rules, problem, stop };
}

/** Whether two versions make different rules of policies. */
export function changesRules(next: GridgateConfig, previous: GridgateConfig): boolean {
  return (['policy', 'limits', 'daemonOwners', 'defer'] as const).some(
    (section) => next[section] !== previous[section],
  );
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
  const kept = sectionsOf(next).map((section) => [
    section,
    isDeepStrictEqual(next[section], previous[section]) ? previous[section] : next[section],
  ]);
  return Object.fromEntries(kept) as unknown as GridgateConfig;
}

function sectionsOf(config: GridgateConfig): readonly (keyof GridgateConfig)[] {
  return Object.keys(config) as (keyof GridgateConfig)[];
}
