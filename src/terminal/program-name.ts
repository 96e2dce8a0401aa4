import { basename } from 'node:path';

const PLUGIN = 'kubectl-gridgate';
/** What kubectl asks for the words of `kubectl gridgate <TAB>`: `kubectl_complete-` and the plugin's name. */
const COMPLETER = 'kubectl_complete-gridgate';

/** What people type to run this program: as a plugin of kubectl it is found by its file's name. */
export function programName(argv: readonly string[] = process.argv): string {
  return isPlugin(argv) ? 'kubectl gridgate' : 'gridgate';
}

/** What a shell looks up. */
export function executableName(argv: readonly string[] = process.argv): string {
  return isPlugin(argv) ? PLUGIN : 'gridgate';
}

/** Whether kubectl called to complete a command line, with its words as arguments. */
export function isCompleter(argv: readonly string[] = process.argv): boolean {
  return fileName(argv) === COMPLETER;
}

function isPlugin(argv: readonly string[]): boolean {
  return [PLUGIN, COMPLETER].includes(fileName(argv));
}

function fileName([, script = '']: readonly string[]): string {
  return basename(script).split('.')[0] ?? '';
}
