import { spawnSync } from 'node:child_process';

/** Why tests with promtool (Debian's package `prometheus`) are skipped; `false` where there is one. */
export const skip: string | false = spawnSync('promtool', ['--version']).error
  ? 'no promtool on the PATH (Debian: apt-get install prometheus)'
  : false;

/** What it says; its exit code in front. */
export function promtool(args: readonly string[], input = ''): { readonly code: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' });
  return { code: status, said: `${stdout}${stderr}` };
}
