import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from '../../config/read-options.ts';
import { EXIT } from '../../terminal/exit-codes.ts';
import { note, print } from '../../terminal/print.ts';
import { createProgress } from '../../terminal/progress.ts';
import { renderData } from '../../terminal/render-data.ts';
import { terminalColumns } from '../../terminal/terminal.ts';
import { within } from '../../units/deadline.ts';
import { HOUR_MS } from '../../units/moment.ts';
import { createAsking } from './ask-region.ts';
import { createLooking, type Looking } from './look.ts';
import type { WaitValues } from './options.ts';
import { readRegionSources } from './read-region.ts';
import { printedPlan, renderPlan, sayCountdown, sayPlan } from './render-plan.ts';
import { receiveSignals, runCommand, type Signals } from './run-command.ts';
import { type WaitClock, waitForStart } from './wait-for-start.ts';

const SECOND_MS = 1_000;
/** What is said of `--config`, `--regions` and the cluster, and how long reading them may take. */
const WHAT_IS_READ = 'whoever holds --config, --regions or the cluster';
const LONGEST_READ_MS = 30_000;
const USUAL_WAIT_MS = 12 * HOUR_MS;
const USUAL_RUN_MS = HOUR_MS;

/**
 * Starts a command at the cleanest moment that its deadline leaves, or says when that is. Whatever keeps it from knowing that, it starts
 * at once. Answers the command's exit code.
 */
export async function wait(values: WaitValues, env: Environment, command: readonly string[]): Promise<number> {
  const latestStart = latestStartOf(values, Date.now());
  if (values.print) return printPlan(values, env, latestStart);
  const signals = receiveSignals();
  surviveClosedErrors();
  const { isReading } = await untilCleanest(values, env, latestStart, signals.ended);
  const exitCode = signals.ended.aborted ? (signals.ended.reason as number) : await run(command, signals);
  signals.stop();
  if (isReading()) leave(exitCode);
  return exitCode;
}

/**
 * Ends a process in which a file is still being opened, a pipe that nobody writes to: `process.exit` waits for that, too. Becoming
 * another program does not.
 */
function leave(exitCode: number): void {
  try {
    process.execve?.('/bin/sh', ['sh', '-c', `exit ${exitCode}`]);
  } catch {}
}

async function run(command: readonly string[], signals: Signals): Promise<number> {
  if (command.length === 0) return EXIT.fine;
  const { exitCode, problem } = await runCommand(command, signals);
  if (problem !== undefined) note(problem);
  return exitCode;
}

/** A log that is full, or a terminal that is gone, keeps no command from running. */
function surviveClosedErrors(): void {
  if (process.stderr.listenerCount('error') === 0) process.stderr.on('error', () => {});
}

/**
 * | --within | --deadline | the latest start                                    |
 * | -------- | ---------- | --------------------------------------------------- |
 * | -        | -          | 12 h from now                                       |
 * | given    | -          | that long from now                                  |
 * | -        | given      | --duration before the deadline                      |
 * | given    | given      | the earlier of both                                 |
 */
function latestStartOf({ within, deadline, duration = USUAL_RUN_MS }: WaitValues, now: number): number {
  const byDeadline = deadline === undefined ? Number.POSITIVE_INFINITY : deadline - duration;
  const usual = deadline === undefined ? USUAL_WAIT_MS : Number.POSITIVE_INFINITY;
  return Math.min(now + (within ?? usual), byDeadline);
}

/** Ends when it is time to start, or `ended` aborts; never rejects. Tells whether files are still being read. */
async function untilCleanest(
  values: WaitValues,
  env: Environment,
  latestStart: number,
  ended: AbortSignal,
): Promise<{ readonly isReading: () => boolean }> {
  let isReading = true;
  const over = new AbortController();
  const progress = createProgress();
  const clock: WaitClock = {
    now: Date.now,
    elapsed: () => performance.now(),
    sleep: (ms) => sleep(ms, undefined, { signal: ended }),
  };
  function say(text: string): void {
    progress.end();
    note(text);
  }
  try {
    const reading = startLooking(values, env, { over: AbortSignal.any([over.signal, ended]), say }).finally(() => {
      isReading = false;
    });
    const budgetMs = Math.max(SECOND_MS, Math.min(LONGEST_READ_MS, latestStart - clock.now()));
    const { looking } = await within(WHAT_IS_READ, budgetMs, () => reading, ended);
    await waitForStart({
      clock,
      latestStart,
      stepMs: process.stderr.isTTY ? SECOND_MS : 5 * SECOND_MS,
      look: (latest, budgetMs) => looking.look(latest, budgetMs, ended),
      tell: (look) => say(sayPlan(look)),
      show: (look) => progress.show(sayCountdown(look, clock.now())),
    });
  } catch (error) {
    // Nothing that goes wrong in waiting may keep the command from running.
    if (!ended.aborted) say(`starts at once: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    progress.end();
    over.abort();
  }
  return { isReading: () => isReading };
}

const LONGEST_PRINT_MS = 30_000;

/** Exit code 2 where nobody can be asked, 3 where nobody who is asked knows anything. */
async function printPlan(values: WaitValues, env: Environment, latestStart: number): Promise<number> {
  const over = new AbortController();
  const reading = startLooking(values, env, { over: over.signal, say: note });
  const { looking, mistakes } = await within(WHAT_IS_READ, LONGEST_READ_MS, () => reading);
  const look = await looking.look(latestStart, LONGEST_PRINT_MS, over.signal);
  over.abort();
  const { output = 'table' } = values;
  await print(output === 'table' ? renderPlan(look, terminalColumns(env)) : renderData(printedPlan(look), output));
  if (mistakes.length > 0) return EXIT.usage;
  return look.expected ? EXIT.fine : EXIT.upstream;
}

interface StartDeps {
  readonly over: AbortSignal;
  readonly say: (text: string) => void;
}

async function startLooking(
  values: WaitValues,
  env: Environment,
  { over, say }: StartDeps,
): Promise<{ readonly looking: Looking; readonly mistakes: readonly string[] }> {
  const { mistakes, ...given } = await readRegionSources(values, env, over);
  for (const mistake of mistakes) say(mistake);
  const { runRegion: region, duration: durationMs = USUAL_RUN_MS, minSaving: minSavingPercent, policySignal } = values;
  const ask = createAsking({ ...given, policySignal, clock: Date.now, over });
  return { mistakes, looking: createLooking({ ask, say, clock: Date.now, region, durationMs, minSavingPercent }) };
}
