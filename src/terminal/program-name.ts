import { basename } from 'node:path';

const PLUGIN = 'kubectl-gridgate';

/** What people type to run this program: as a plugin of kubectl it is found by its file's name. */
export function programName(argv: readonly string[] = process.argv): string {
  return isPlugin(argv) ? 'kubectl gridgate' : 'gridgate';
}

/** What a shell looks up. */
export function executableName(argv: readonly string[] = process.argv): string {
  return isPlugin(argv) ? PLUGIN : 'gridgate';
}

function isPlugin([, script = '']: readonly string[]): boolean {
  return basename(script).split('.')[0] === PLUGIN;
}
