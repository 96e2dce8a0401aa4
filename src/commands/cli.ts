import { type Argument, Command, CommanderError, type Option } from 'commander';
import ownPackage from '../../package.json' with { type: 'json' };
import { wordsOf } from '../config/option-words.ts';
import { OPTIONS, type OptionKey, type OptionValues } from '../config/options.ts';
import {
  addOptions,
  type Environment,
  findOrigins,
  type Origins,
  readOptions,
  sealBooleans,
} from '../config/read-options.ts';
import { ADMIT_OPTIONS } from '../questions/admit/options.ts';
import { AUDIT_OPTIONS } from '../questions/audit/options.ts';
import { BUDGET_OPTIONS } from '../questions/budget/options.ts';
import { CHECK_OPTIONS } from '../questions/check/options.ts';
import { EXPLAIN_OPTIONS, EXPLAINED_KINDS } from '../questions/explain/options.ts';
import { OVERLAYS_OPTIONS } from '../questions/overlays/options.ts';
import { PREFLIGHT_OPTIONS } from '../questions/preflight/options.ts';
import { REGIONS_OPTIONS, WEIGHTS_OPTIONS } from '../questions/regions/options.ts';
import { SIMULATE_OPTIONS } from '../questions/simulate/options.ts';
import { SPILLOVER_OPTIONS } from '../questions/spillover/options.ts';
import { TEST_OPTIONS } from '../questions/test/options.ts';
import { WAIT_OPTIONS } from '../questions/wait/options.ts';
import { WAITING_OPTIONS } from '../questions/waiting/options.ts';
import { SERVE_OPTIONS } from '../replica/serve-options.ts';
import { EXIT, reportIssues } from '../terminal/exit-codes.ts';
import { surviveClosedReader } from '../terminal/print.ts';
import { executableName, isCompleter, programName } from '../terminal/program-name.ts';
import { legible } from '../units/legible.ts';
import type { Taker } from './completion/complete-words.ts';
import { COMPLETION_SERVER, KUBECTL_COMPLETION, SHELLS } from './completion/shells.ts';
import { type AFTER_HELP, afterHelp } from './help-texts.ts';
import { OUTAGE_ACTIONS, OUTAGE_OPTIONS } from './outage/options.ts';
import { RELEASE_OPTIONS } from './release/options.ts';
import { UNINSTALL_OPTIONS } from './uninstall/options.ts';

interface CommandSpec<K extends OptionKey> {
  readonly name: keyof typeof AFTER_HELP;
  readonly description: string;
  readonly options: readonly K[];
  /** A command line that asks for help loads none of what it would run. */
  readonly load: () => Promise<Loaded<K>>;
  readonly args?: readonly PositionalArgument[];
}

interface Loaded<K extends OptionKey> {
  /** Answers the exit code. */
  run(values: OptionValues<K>, env: Environment, origins: Origins, args: readonly string[]): Promise<number>;
  /** The mistakes in what the options name, where options have mistakes too. */
  check?(values: Partial<OptionValues<K>>, env: Environment): Promise<readonly string[]>;
}

/** Required unless it says otherwise. */
interface PositionalArgument {
  readonly name: string;
  readonly help: string;
  readonly words?: readonly string[];
  readonly isOptional?: true;
  /** Takes all words that are left, none too; flags among them are its own behind `--`. */
  readonly isRest?: true;
}

/**
 * Parses arguments (without node and script), runs the command and answers the exit code. Where it is `onlyRead`, a command line without
 * mistakes runs nothing: what pages show is held against the program that way.
 */
export async function run(
  args: readonly string[],
  env: Environment,
  { onlyRead = false }: { readonly onlyRead?: boolean } = {},
): Promise<number> {
  let exitCode: number = EXIT.usage;
  /** For shells that complete options and arguments. */
  const takers = new Map<Option | Argument, Taker>();

  function add<K extends OptionKey>({ name, description, options, load, args = [] }: CommandSpec<K>): void {
    const sub = program
      .command(name)
      .description(description)
      .addHelpText('after', afterHelp(name, program.name()))
      .showHelpAfterError(`see ${program.name()} ${name} --help`);
    for (const { name, help, words, isOptional, isRest } of args) {
      const argument = sub.createArgument(isRest ? `[${name}...]` : isOptional ? `[${name}]` : `<${name}>`, help);
      sub.addArgument(argument);
      takers.set(argument, { help, words });
    }
    addOptions(sub, options);
    for (const [index, key] of options.entries()) {
      const option = sub.options[index];
      const { words } = OPTIONS[key].parse;
      if (option) takers.set(option, { help: wordsOf(name, key).help, words });
    }
    sub.action(async () => {
      const read = readOptions(sub, options, env);
      if (onlyRead) {
        exitCode = 'issues' in read ? reportIssues(read.issues) : EXIT.fine;
        return;
      }
      const { run, check } = await load();
      exitCode =
        'issues' in read
          ? reportIssues([...read.issues, ...((await check?.(read.values, env)) ?? [])])
          : await run(
              read.values,
              env,
              findOrigins(sub, options, env),
              sub.processedArgs.flat().filter((arg) => arg !== undefined),
            );
    });
  }

  const program = new Command(programName())
    .description('Places Kubernetes work where and when electricity is clean')
    .version(ownPackage.version)
    .configureOutput({ writeErr: (text) => process.stderr.write(legible(text)) })
    .exitOverride();
  add({
    name: 'serve',
    description: 'run the admission webhook and, in a cluster, the controllers',
    options: SERVE_OPTIONS,
    async load() {
      const [{ serve }, { checkServe }] = await Promise.all([
        import('./serve.ts'),
        import('../replica/serve-inputs.ts'),
      ]);
      return { run: serve, check: checkServe };
    },
  });
  add({
    name: 'admit',
    description: 'explain the decision about one pod',
    options: ADMIT_OPTIONS,
    load: async () => ({ run: (await import('../questions/admit/admit.ts')).admit }),
  });
  add({
    name: 'explain',
    description: 'explain what was decided about a pod or workload of a cluster, and what would be now',
    options: EXPLAIN_OPTIONS,
    load: async () => ({ run: (await import('../questions/explain/explain.ts')).explain }),
    args: [
      { name: 'kind', help: `what it is: ${EXPLAINED_KINDS.join(', ')}`, words: EXPLAINED_KINDS },
      {
        name: 'name',
        help: "its name; KIND/NAME in one word is fine, too, and so are kubectl's short and plural kinds and their groups",
        isOptional: true,
      },
    ],
  });
  add({
    name: 'audit',
    description: 'what each workload would get, its carbon and the cleanest alternative',
    options: AUDIT_OPTIONS,
    load: async () => ({ run: (await import('../questions/audit/audit.ts')).audit }),
  });
  add({
    name: 'regions',
    description: 'rank regions by the carbon intensity of their electricity',
    options: REGIONS_OPTIONS,
    async load() {
      const [{ regions }, { checkRegionSource }] = await Promise.all([
        import('../questions/regions/regions.ts'),
        import('../world/load-regions.ts'),
      ]);
      return { run: regions, check: checkRegionSource };
    },
  });
  add({
    name: 'weights',
    description: 'weigh regions for placement by carbon intensity',
    options: WEIGHTS_OPTIONS,
    async load() {
      const { checkWeights, weights } = await import('../questions/regions/weights.ts');
      return { run: weights, check: checkWeights };
    },
  });
  add({
    name: 'preflight',
    description: 'idle power of an upgrade, before it is rolled out',
    options: PREFLIGHT_OPTIONS,
    load: async () => ({ run: (await import('../questions/preflight/preflight.ts')).preflight }),
  });
  add({
    name: 'spillover',
    description: 'carbon of traffic that moved regions, and where it should have gone',
    options: SPILLOVER_OPTIONS,
    async load() {
      const { checkSpillover, spillover } = await import('../questions/spillover/spillover.ts');
      return { run: spillover, check: checkSpillover };
    },
  });
  add({
    name: 'overlays',
    description:
      'print NodeOverlays that add a price of carbon to what Karpenter chooses by, and how much that changes',
    options: OVERLAYS_OPTIONS,
    async load() {
      const { checkOverlays, overlays } = await import('../questions/overlays/overlays.ts');
      return { run: overlays, check: checkOverlays };
    },
  });
  add({
    name: 'budget',
    description: 'list what components emit, their share of the cluster, and how that stands to their carbon budgets',
    options: BUDGET_OPTIONS,
    async load() {
      const { budget, checkBudget } = await import('../questions/budget/budget.ts');
      return { run: budget, check: checkBudget };
    },
  });
  add({
    name: 'check',
    description: 'say what of gridgate works in a cluster, what does not, and what to do',
    options: CHECK_OPTIONS,
    load: async () => ({ run: (await import('../questions/check/check.ts')).check }),
  });
  add({
    name: 'test',
    description: 'run policy tests: cases in YAML, each a pod and what should become of it',
    options: TEST_OPTIONS,
    async load() {
      const { test } = await import('../questions/test/test.ts');
      return { run: (values, env, _origins, words) => test(values, env, words) };
    },
    args: [
      {
        name: 'path',
        help: 'files, or directories with files named gridgate-test.yaml; the current one unless there is another',
        isRest: true,
      },
    ],
  });
  add({
    name: 'simulate',
    description: 'what ways to choose where and when would have emitted, on series of a year',
    options: SIMULATE_OPTIONS,
    load: async () => ({ run: (await import('../questions/simulate/simulate.ts')).simulate }),
  });
  add({
    name: 'wait',
    description: 'start a command outside Kubernetes at the cleanest moment that its deadline leaves',
    options: WAIT_OPTIONS,
    async load() {
      const { wait } = await import('../questions/wait/wait.ts');
      return { run: (values, env, _origins, words) => wait(values, env, words) };
    },
    args: [
      {
        name: 'command',
        help: 'behind --, what to run, as it is and without a shell; without one it only waits',
        isRest: true,
      },
    ],
  });
  add({
    name: 'waiting',
    description: 'list what waits for a cleaner hour, until when, and what that saves',
    options: WAITING_OPTIONS,
    load: async () => ({ run: (await import('../questions/waiting/waiting.ts')).waiting }),
  });
  add({
    name: 'release',
    description: 'let go now what waits for a cleaner hour',
    options: RELEASE_OPTIONS,
    load: async () => ({ run: (await import('./release/release.ts')).release }),
    args: [{ name: 'what', help: 'POD, job/NAME, cronjob/NAME, or another KIND/NAME that owns pods', isRest: true }],
  });
  add({
    name: 'outage',
    description: 'call a region down by hand, take that back, or list who calls which region down',
    options: OUTAGE_OPTIONS,
    async load() {
      const { outage } = await import('./outage/outage.ts');
      return { run: (values, env, _origins, words) => outage(values, env, words) };
    },
    args: [
      { name: 'action', help: `one of ${OUTAGE_ACTIONS.join(', ')}`, words: OUTAGE_ACTIONS },
      { name: 'region', help: 'of set and clear: the name of a Region', isOptional: true },
    ],
  });
  add({
    name: 'uninstall',
    description: 'take gridgate out of a cluster; Regions, policies and settings stay unless asked for',
    options: UNINSTALL_OPTIONS,
    load: async () => ({ run: (await import('./uninstall/uninstall.ts')).uninstall }),
  });
  add({
    name: 'certs',
    description: 'create or show the development certificate',
    options: ['certDir'],
    load: async () => ({ run: (await import('./certs.ts')).certs }),
  });
  add({
    name: 'completion',
    description: 'print the completion script of a shell',
    options: [],
    async load() {
      const { completion } = await import('./completion/completion.ts');
      return { run: (_values, _env, _origins, [shell = '']) => completion(executableName(), shell) };
    },
    args: [{ name: 'shell', help: `one of ${SHELLS.join(', ')}`, words: SHELLS }],
  });
  program
    .command(COMPLETION_SERVER, { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .action(async (words: string[]) => {
      const { serveCompletion } = await import('./completion/completion.ts');
      exitCode = await serveCompletion(program, (taker) => takers.get(taker), words, env);
    });

  program
    .command(KUBECTL_COMPLETION, { hidden: true })
    .argument('[words...]')
    .action(async (words: string[]) => {
      const { completeForKubectl } = await import('./completion/completion.ts');
      exitCode = await completeForKubectl(program, (taker) => takers.get(taker), words);
    });

  function sealed(): string[] {
    const [name = '', ...words] = args;
    const sub = program.commands.find((one) => one.name() === name);
    return sub ? [name, ...sealBooleans(sub, words)] : [...args];
  }

  surviveClosedReader(); // commander writes help by itself
  try {
    await program.parseAsync(isCompleter() ? [KUBECTL_COMPLETION, '--', ...args] : sealed(), { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.fine : EXIT.usage;
    // What the system refuses (a file, a directory) is told like any other mistake; the rest is ours, with its stack.
    if (error instanceof Error && 'syscall' in error) return reportIssues([error.message]);
    throw error;
  }
  return exitCode;
}
