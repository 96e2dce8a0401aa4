import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import type { OptionKey, OptionValues } from '../config/options.ts';
import { addOptions, type Environment, findOrigins, type Origins, readOptions } from '../config/read-options.ts';
import { ADMIT_OPTIONS, admit } from './admit.ts';
import { CERTS_OPTIONS, certs } from './certs.ts';
import { EXIT, reportIssues } from './exit-codes.ts';
import { AFTER_HELP } from './help-texts.ts';
import { checkRegionSource } from './load-regions.ts';
import { REGIONS_OPTIONS, regions } from './regions.ts';
import { serve } from './serve.ts';
import { checkServe } from './serve-inputs.ts';
import { SERVE_OPTIONS } from './serve-options.ts';
import { checkWeights, WEIGHTS_OPTIONS, weights } from './weights.ts';

/** Parses arguments (without node and script), runs the command and answers the exit code. */
export async function run(args: readonly string[], env: Environment): Promise<number> {
  let exitCode: number = EXIT.usage;

  function add<K extends OptionKey>(
    name: keyof typeof AFTER_HELP,
    description: string,
    keys: readonly K[],
    command: (values: OptionValues<K>, env: Environment, origins: Origins) => Promise<number>,
    check: (values: Partial<OptionValues<K>>, env: Environment) => Promise<readonly string[]> = async () => [],
  ): void {
    const sub = program.command(name).description(description).addHelpText('after', AFTER_HELP[name]);
    addOptions(sub, keys).action(async () => {
      const read = readOptions(sub, keys, env);
      exitCode =
        'issues' in read
          ? reportIssues([...read.issues, ...(await check(read.values, env))])
          : await command(read.values, env, findOrigins(sub, keys, env));
    });
  }

  const program = new Command('gridgate')
    .description('Places Kubernetes work where and when electricity is clean')
    .version(ownVersion())
    .exitOverride();
  add('serve', 'run the admission webhook and, in a cluster, the controllers', SERVE_OPTIONS, serve, checkServe);
  add('admit', 'explain the decision about one pod', ADMIT_OPTIONS, admit);
  add(
    'regions',
    'rank regions by the carbon intensity of their electricity',
    REGIONS_OPTIONS,
    regions,
    checkRegionSource,
  );
  add('weights', 'weigh regions for placement by carbon intensity', WEIGHTS_OPTIONS, weights, checkWeights);
  add('certs', 'create or show the development certificate', CERTS_OPTIONS, certs);

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

/** Of the package.json beside `src` and `dist`. */
function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return version;
}
