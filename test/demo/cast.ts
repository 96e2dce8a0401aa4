import { readFileSync } from 'node:fs';
import wrapAnsi from 'wrap-ansi';

/** What the demo shows of getting started (`manifests/getting-started.md`), in its order; the rest runs unseen. */
export const RECORDED: readonly string[] = [
  'gridgate audit --live -n shop',
  'kubectl annotate namespace shop gridgate.dev/mode=enforce --overwrite',
  'kubectl rollout restart -n shop deployment/web',
  'gridgate explain deploy/web -n shop',
  'kubectl run pinned -n shop --image=registry.k8s.io/pause:3.10 --overrides=\'{"spec": {"nodeSelector": {"topology.kubernetes.io/region": "us-east-1"}}}\'',
  "gridgate outage set eu-north-1 --reason 'trying it out' --until 1h",
  'kubectl rollout restart -n shop deployment/web',
  'gridgate explain deploy/web -n shop',
];
/** Those that leave the screen as it is: what comes next stands below them. */
export const GOES_ON: ReadonlySet<string> = new Set([
  'kubectl annotate namespace shop gridgate.dev/mode=enforce --overwrite',
  'kubectl rollout restart -n shop deployment/web',
  "gridgate outage set eu-north-1 --reason 'trying it out' --until 1h",
]);

export const CAST = 'test/demo/demo.cast';
export const DRAWN = 'manifests/demo.svg';
export const COLUMNS = 100;
/** Of one command's output; what is longer ends with dots. */
const MOST_LINES = 15;
const PROMPT = '$ ';
const SECONDS = { aLetter: 0.035, beforeOutput: 0.4, aScreen: 3.2, aLine: 0.28 } as const;

/** A command as it was typed, and what came of it. */
export interface Typed {
  readonly command: string;
  /** Lines of at most `COLUMNS` characters. */
  readonly output: readonly string[];
}

/** A recording in asciinema's format, version 2: a header, then a line for each thing that appears, with its second. */
export function writeCast(session: readonly Typed[]): string {
  const events: [number, 'o', string][] = [];
  let now = 0.5;
  for (const { command, output } of session) {
    events.push([round(now), 'o', PROMPT]);
    for (const letter of command) {
      now += SECONDS.aLetter;
      events.push([round(now), 'o', letter]);
    }
    now += SECONDS.beforeOutput;
    events.push([round(now), 'o', `\r\n${output.map((line) => `${line}\r\n`).join('')}`]);
    now += GOES_ON.has(command) ? SECONDS.beforeOutput : SECONDS.aScreen + SECONDS.aLine * output.length;
    if (!GOES_ON.has(command)) events.push([round(now), 'o', '\u001b[2J\u001b[H']);
  }
  const header = { version: 2, width: COLUMNS, height: 24, title: 'gridgate on a fresh cluster' };
  return `${[header, ...events].map((one) => JSON.stringify(one)).join('\n')}\n`;
}

export function readCast(file = CAST): string {
  return readFileSync(file, 'utf8');
}

/** The commands of a recording, with their output. */
export function sessionOf(cast: string): readonly Typed[] {
  const [, ...events] = cast
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const text = events
    .map(([, , shown]) => shown)
    .join('')
    .replaceAll('\u001b[2J\u001b[H', '');
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((part: string) => {
      const [command = '', ...output] = part.split('\r\n');
      return { command, output: output.slice(0, -1) };
    });
}

/** Output as the demo shows it: long lines go on below, many end with dots. */
export function asShown(output: string): readonly string[] {
  const lines = output.trimEnd().split('\n').flatMap(wrapped);
  return lines.length > MOST_LINES ? [...lines.slice(0, MOST_LINES - 1), '...'] : lines;
}

/** By words, as gridgate wraps its own. */
export function wrapped(line: string): readonly string[] {
  return line.length <= COLUMNS ? [line] : wrapAnsi(line, COLUMNS, { trim: false, hard: true }).split('\n');
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
