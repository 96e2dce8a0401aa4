import { type Argument, Command, CommanderError, type Option } from 'commander';
import { OPTIONS, type OptionKey, type OptionValues } from '../config/options.ts';
import { addOptions, type Environment, findOrigins, type Origins, readOptions } from '../config/read-options.ts';
import { ADMIT_OPTIONS, admit } from '../questions/admit/admit.ts';
import { AUDIT_OPTIONS, audit } from '../questions/audit/audit.ts';
import { EXPLAIN_OPTIONS, explain } from '../questions/explain/explain.ts';
import { EXPLAINED_KINDS } from '../questions/explain/target.ts';
import { PREFLIGHT_OPTIONS, preflight } from '../questions/preflight/preflight.ts';
import { REGIONS_OPTIONS, regions } from '../questions/regions/regions.ts';
import { checkWeights, WEIGHTS_OPTIONS, weights } from '../questions/regions/weights.ts';
import { SPILLOVER_OPTIONS } from '../questions/spillover/options.ts';
import { checkSpillover, spillover } from '../questions/spillover/spillover.ts';
import { checkServe } from '../replica/serve-inputs.ts';
import { SERVE_OPTIONS } from '../replica/serve-options.ts';
import { EXIT, reportIssues } from '../terminal/exit-codes.ts';
import { ownVersion } from '../terminal/own-version.ts';
import { surviveClosedReader } from '../terminal/print.ts';
import { legible } from '../units/legible.ts';
import { checkRegionSource } from '../world/load-regions.ts';
import { CERTS_OPTIONS, certs } from './certs.ts';
import { COMPLETION_SERVER, completion, SHELLS, serveCompletion } from './completion/completion.ts';
import { AFTER_HELP } from './help-texts.ts';
import { serve } from './serve.ts';

interface CommandSpec<K extends OptionKey> {
  readonly name: keyof typeof AFTER_HELP;
  readonly description: string;
  readonly options: readonly K[];
  /** Answers the exit code. */
  readonly run: (
    values: OptionValues<K>,
    env: Environment,
    origins: Origins,
    args: readonly string[],
  ) => Promise<number>;
  /** The mistakes in what the options name, where options have mistakes too. */
  readonly check?: (values: Partial<OptionValues<K>>, env: Environment) => Promise<readonly string[]>;
  readonly args?: readonly PositionalArgument[];
}

/** Required unless it says otherwise. */
interface PositionalArgument {
  readonly name: string;
  readonly help: string;
  readonly words?: readonly string[];
  readonly isOptional?: true;
}

/** Parses arguments (without node and script), runs the command and answers the exit code. */
export async function run(args: readonly string[], env: Environment): Promise<number> {
  let exitCode: number = EXIT.usage;
  /** What options and arguments take, for shells that complete them. */
  const wordsByTaker = new Map<Option | Argument, readonly string[]>();

  function add<K extends OptionKey>({ name, description, options, run, check, args = [] }: CommandSpec<K>): void {
    const sub = program.command(name).description(description).addHelpText('after', AFTER_HELP[name]);
    for (const { name, help, words, isOptional } of args) {
      const argument = sub.createArgument(isOptional ? `[${name}]` : `<${name}>`, help);
      sub.addArgument(argument);
      if (words) wordsByTaker.set(argument, words);
    }
    addOptions(sub, options);
    for (const [index, key] of options.entries()) {
      const [option, { words }] = [sub.options[index], OPTIONS[key].parse];
      if (option && words) wordsByTaker.set(option, words);
    }
    sub.action(async () => {
      const read = readOptions(sub, options, env);
      exitCode =
        'issues' in read
          ? reportIssues([...read.issues, ...((await check?.(read.values, env)) ?? [])])
          : await run(
              read.values,
              env,
              findOrigins(sub, options, env),
              sub.processedArgs.filter((arg) => arg !== undefined),
            );
    });
  }

  const program = new Command('gridgate')
    .description('Places Kubernetes work where and when electricity is clean')
    .version(ownVersion())
    .configureOutput({ writeErr: (text) => process.stderr.write(legible(text)) })
    .exitOverride();
  add({
    name: 'serve',
    description: 'run the admission webhook and, in a cluster, the controllers',
    options: SERVE_OPTIONS,
    run: serve,
    check: checkServe,
  });
  add({ name: 'admit', description: 'explain the decision about one pod', options: ADMIT_OPTIONS, run: admit });
  add({
    name: 'explain',
    description: 'explain what was decided about a pod or workload of a cluster, and what would be now',
    options: EXPLAIN_OPTIONS,
    run: explain,
    args: [
      { name: 'kind', help: `what it is: ${EXPLAINED_KINDS.join(', ')}`, words: EXPLAINED_KINDS },
      { name: 'name', help: 'its name; KIND/NAME in one word is fine, too', isOptional: true },
    ],
  });
  add({
    name: 'audit',
    description: 'what each workload would get, the carbon at stake and the cleanest alternative',
    options: AUDIT_OPTIONS,
    run: audit,
  });
  add({
    name: 'regions',
    description: 'rank regions by the carbon intensity of their electricity',
    options: REGIONS_OPTIONS,
    run: regions,
    check: checkRegionSource,
  });
  add({
    name: 'weights',
    description: 'weigh regions for placement by carbon intensity',
    options: WEIGHTS_OPTIONS,
    run: weights,
    check: checkWeights,
  });
  add({
    name: 'preflight',
    description: 'idle power of an upgrade, before it is rolled out',
    options: PREFLIGHT_OPTIONS,
    run: preflight,
  });
  add({
    name: 'spillover',
    description: 'carbon of traffic that moved regions, and where it should have gone',
    options: SPILLOVER_OPTIONS,
    run: spillover,
    check: checkSpillover,
  });
  add({
    name: 'certs',
    description: 'create or show the development certificate',
    options: CERTS_OPTIONS,
    run: certs,
  });
  add({
    name: 'completion',
    description: 'print the completion script of a shell',
    options: [],
    run: (_values, _env, _origins, [shell = '']) => completion(program.name(), shell),
    args: [{ name: 'shell', help: `one of ${SHELLS.join(', ')}`, words: SHELLS }],
  });
  program
    .command(COMPLETION_SERVER, { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .action(async (words: string[]) => {
      exitCode = await serveCompletion(program, (taker) => wordsByTaker.get(taker), words, env);
    });

  surviveClosedReader(); // commander writes help by itself
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.fine : EXIT.usage;
    // What the system refuses (a file, a directory) is told like any other mistake; the rest is ours, with its stack.
    if (error instanceof Error && 'syscall' in error) return reportIssues([error.message]);
    throw error;
  }
  return exitCode;
}
