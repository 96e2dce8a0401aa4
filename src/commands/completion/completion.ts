import type { Command } from 'commander';
import type { Environment } from '../../config/read-options.ts';
import { EXIT, reportIssues } from '../../terminal/exit-codes.ts';
import { print } from '../../terminal/print.ts';
import { onOneLine } from '../../units/legible.ts';
import { type Completion, completeWords, type TakerOf } from './complete-words.ts';
import { SHELLS, type Shell } from './shells.ts';

/** Prints the script that lets a shell complete gridgate's commands, options and their values. */
export async function completion(name: string, shell: string): Promise<number> {
  if (!isShell(shell))
    return reportIssues([`completion: ${JSON.stringify(shell)} is not a shell we know; give ${SHELLS.join(', ')}`]);
  const { default: tabtab } = await import('@pnpm/tabtab');
  await print(await tabtab.getCompletionScript({ name, completer: name, shell }));
  return EXIT.fine;
}

/** Answers one Tab: `words` and the cursor's word are as the shell sees them. */
export async function serveCompletion(
  program: Command,
  takerOf: TakerOf,
  words: readonly string[],
  env: Environment,
): Promise<number> {
  const shell = env['SHELL'] ?? '';
  if (!isShell(shell)) return EXIT.fine;
  const completed = completeWords(program, takerOf, { words, cursor: cursorOf(words, shell, env) });
  await print(await render(completed, shell));
  return EXIT.fine;
}

/**
 * Answers kubectl, which asks in place of `kubectl gridgate WORDS <TAB>`: a line for each candidate, and last the directive of
 * cobra that says whether the shell may offer files instead.
 */
export async function completeForKubectl(
  program: Command,
  takerOf: TakerOf,
  typed: readonly string[],
): Promise<number> {
  const words = [program.name(), ...(typed.length === 0 ? [''] : typed)];
  const completed = completeWords(program, takerOf, { words, cursor: words.length - 1 });
  const candidates = completed === 'files' ? [] : completed;
  const lines = candidates.map(({ name, description }) =>
    description ? `${name}\t${onOneLine(description)}\n` : `${name}\n`,
  );
  await print(`${lines.join('')}:${completed === 'files' ? OFFER_FILES : NO_FILES}\n`);
  return EXIT.fine;
}

/** cobra's ShellCompDirectiveDefault and ShellCompDirectiveNoFileComp. */
const OFFER_FILES = 0;
const NO_FILES = 4;

/** The library's script for fish counts the words, whether or not a space follows the last: only the cursor tells. */
function cursorOf(words: readonly string[], shell: Shell, env: Environment): number {
  if (shell !== 'fish') return Number(env['COMP_CWORD'] ?? words.length - 1);
  return Number(env['COMP_POINT'] ?? 0) > words.join(' ').length ? words.length : words.length - 1;
}

async function render(completed: Completion, shell: Shell): Promise<string> {
  const { default: tabtab } = await import('@pnpm/tabtab');
  // Bash offers files by itself where nothing else is offered.
  if (completed === 'files') return shell === 'bash' ? '' : '__tabtab_complete_files__\n';
  const lines: string[] = [];
  tabtab.log([...completed], shell, (line) => void lines.push(`${line}\n`));
  return lines.join('');
}

function isShell(shell: string): shell is Shell {
  return SHELLS.some((one) => one === shell);
}
