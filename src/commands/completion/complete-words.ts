import type { Argument, Command, Option } from 'commander';

/** One thing that a shell may offer. */
export interface Suggestion {
  readonly name: string;
  readonly description?: string;
}

/** What may stand at the cursor; `files`: whatever the shell itself knows of files. */
export type Completion = readonly Suggestion[] | 'files';

/** What is known of an option or argument besides what commander knows. */
export interface Taker {
  /** Without default and environment variable, which are for `--help`: a shell's list has one line for each flag. */
  readonly help: string;
  /** All that it takes, where that is a closed list. */
  readonly words?: readonly string[] | undefined;
}

export type TakerOf = (taker: Option | Argument) => Taker | undefined;

/** What can stand at word `cursor` of a command line (word 0 is the program's name). */
export function completeWords(
  program: Command,
  takerOf: TakerOf,
  { words, cursor }: { readonly words: readonly string[]; readonly cursor: number },
): Completion {
  const wordsOf = (taker: Option | Argument) => takerOf(taker)?.words;
  const current = words[cursor] ?? '';
  const before = words.slice(1, cursor);
  const command = program.commands.find((one) => one.name() === before[0]);
  if (!command) return before.length === 0 ? startingWith(current, commandsOf(program)) : [];
  // What is behind `--` is another command's.
  if (before.includes('--')) return 'files';
  const [flag = '', value] = splitOnce(current, '=');
  if (value !== undefined) {
    const option = optionOf(command, flag);
    return option ? prefixed(`${flag}=`, value, wordsOf(option)) : [];
  }
  const taker = optionOf(command, before.at(-1));
  if (taker?.required) return offer(current, wordsOf(taker));
  if (current.startsWith('-')) return startingWith(current, flagsOf(command, takerOf));
  const argument = command.registeredArguments[countPositional(command, before.slice(1))];
  return argument ? offer(current, wordsOf(argument)) : 'files';
}

function commandsOf(program: Command): readonly Suggestion[] {
  return program
    .createHelp()
    .visibleCommands(program)
    .map((command) => ({ name: command.name(), description: command.description() }));
}

function flagsOf(command: Command, takerOf: TakerOf): readonly Suggestion[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .map((option) => ({
      name: option.long ?? option.short ?? '',
      description: takerOf(option)?.help ?? option.description,
    }));
}

function optionOf(command: Command, flag: string | undefined): Option | undefined {
  return flag === undefined ? undefined : command.options.find(({ long, short }) => flag === long || flag === short);
}

/** How many of the words are neither flags nor what these take. */
function countPositional(command: Command, words: readonly string[]): number {
  return words.filter((word, index) => !word.startsWith('-') && !optionOf(command, words[index - 1])?.required).length;
}

function offer(current: string, words: readonly string[] | undefined): Completion {
  return words ? prefixed('', current, words) : 'files';
}

function prefixed(prefix: string, current: string, words: readonly string[] = []): readonly Suggestion[] {
  return words.filter((word) => word.startsWith(current)).map((word) => ({ name: prefix + word }));
}

function startingWith(current: string, suggestions: readonly Suggestion[]): readonly Suggestion[] {
  return suggestions.filter(({ name }) => name.startsWith(current));
}

function splitOnce(text: string, separator: string): readonly [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 || !text.startsWith('--') ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}
